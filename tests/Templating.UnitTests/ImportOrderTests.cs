using System.Text.RegularExpressions;

namespace Templating.UnitTests;

/// <summary>
/// The order in which <c>dotnet format</c> puts a file's imports. The build tells of all else that is formatted otherwise (IDE0055), but not of this.
/// </summary>
public sealed partial class ImportOrderTests
{
    [Fact]
    public void ImportsStandInTheirOrderThoseOfTheRuntimeFirst()
    {
        var files = (string[])[.. ((string[])["src", "tests", "bench", "eng"]).SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(SpecificationTests.Root, folder), "*.cs", SearchOption.AllDirectories))];

        files.Length.ShouldBeGreaterThan(500);
        files.Where(file => !IsInOrder(File.ReadLines(file))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, "System", "System.Text", "Grpc.Core", "Templating.Core", "Templating.Core.Vms")]
    [InlineData(false, "Grpc.Core", "System")]
    [InlineData(false, "Templating.Core.Vms", "Templating.Core")]
    [InlineData(true, "System", "Xunit", "static System.Math", "A = System.Text")]
    [InlineData(false, "static System.Math", "System")]
    [InlineData(false, "A = System.Text", "System")]
    public void TheOrderIsThatOfTheFormatter(bool isInOrder, params string[] imports) =>
        IsInOrder([.. imports.Select(import => $"using {import};"), "", "namespace Z;", "using var a = b;"]).ShouldBe(isInOrder);

    private static bool IsInOrder(IEnumerable<string> lines)
    {
        var imports = lines.TakeWhile(line => !line.StartsWith("namespace ", StringComparison.Ordinal)).Select(line => Import().Match(line))
            .Where(match => match.Success).ToList();
        return imports.SequenceEqual(imports
            .OrderBy(import => import.Groups["alias"].Success).ThenBy(import => import.Groups["static"].Success)
            .ThenBy(import => import.Groups["name"].Value.Split('.')[0] != "System")
            .ThenBy(import => import.Groups["alias"].Success ? import.Groups["alias"].Value : import.Groups["name"].Value, StringComparer.OrdinalIgnoreCase));
    }

    [GeneratedRegex(@"^using (?<static>static )?((?<alias>\w+) = )?(?<name>[\w.]+)[^\s(]*;$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Import();
}

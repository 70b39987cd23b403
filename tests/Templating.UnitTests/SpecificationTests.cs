using System.Text.RegularExpressions;
using Templating.Testing;

namespace Templating.UnitTests;

/// <summary>SPECIFICATION.md and the threat model name tests as proof: they must be there.</summary>
public sealed class SpecificationTests
{
    internal static readonly string Root = Repository.Root;

    [Theory]
    [InlineData("SPECIFICATION.md", 50)]
    [InlineData("docs/security/threat-model.md", 25)]
    public void EveryProofThatIsNamedExists(string page, int least)
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(f => Path.GetFileNameWithoutExtension(f), File.ReadAllText, StringComparer.Ordinal);
        var proofs = Regex.Matches(
            File.ReadAllText(Path.Combine(Root, page)), "`(?<type>[A-Za-z]+Tests)(\\.(?<test>[A-Za-z0-9]+))?`",
            RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));

        var missing = proofs
            .Where(p => !sources[p.Groups["type"].Value].Any(s => !p.Groups["test"].Success || s.Contains($" {p.Groups["test"].Value}(", StringComparison.Ordinal)))
            .Select(p => p.Value)
            .ToArray();

        proofs.Count.ShouldBeGreaterThan(least);
        missing.ShouldBeEmpty();
    }

    [Fact]
    public void EveryLinkBetweenPagesLeadsSomewhere()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Root, "*.md"));
        var broken = pages.SelectMany(page => Regex
                .Matches(File.ReadAllText(page), "\\]\\((?<path>[^)#:]+)(#[^)]*)?\\)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
                .Select(m => (Page: page, Path: m.Groups["path"].Value)))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.Page)!, link.Path)))
            .Select(link => $"{Path.GetRelativePath(Root, link.Page)}: {link.Path}")
            .ToArray();

        broken.ShouldBeEmpty();
    }
}

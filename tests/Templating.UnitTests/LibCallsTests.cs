using System.Text.RegularExpressions;

namespace Templating.UnitTests;

/// <summary>One room for calls of libc: what was bound once is found there, with its constants and what its failure means.</summary>
public sealed class LibCallsTests
{
    private const string Room = "Templating.Core/Linux/";

    /// <summary>
    /// The client halves see no Core: the standard descriptors are used as they are, a terminal is set raw, and a pod's socket is opened without following links, by calls
    /// of their own.
    /// </summary>
    private static readonly string[] Exceptions = ["Terminals/LibC.cs", "Templating.Terminal/Descriptors/LibC.cs", "Templating.Api/Pods/PodSocket.cs"];

    private static readonly string Sources = Path.Combine(SpecificationTests.Root, "src");

    [Fact]
    public void OnlyOneRoomBindsLibc() =>
        Bindings().Select(b => b.File).Distinct()
            .Where(f => !f.StartsWith(Room, StringComparison.Ordinal) && !Exceptions.Any(e => f.EndsWith(e, StringComparison.Ordinal)))
            .ShouldBeEmpty();

    [Fact]
    public void NoCallIsBoundInTwoFilesOfThatRoom()
    {
        var files = Bindings().Where(b => b.File.StartsWith(Room, StringComparison.Ordinal)).ToLookup(b => b.Call, b => b.File);

        files.Count.ShouldBeGreaterThan(30);
        files.Where(call => call.Distinct().Count() > 1).Select(call => call.Key).ShouldBeEmpty();
    }

    private static IEnumerable<(string File, string Call)> Bindings() =>
        from file in Directory.EnumerateFiles(Sources, "*.cs", SearchOption.AllDirectories)
        from binding in Regex.Matches(
            File.ReadAllText(file), "(LibraryImport|DllImport)\\(([^)]*EntryPoint = )?\"(?<call>\\w+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
        select (Path.GetRelativePath(Sources, file), binding.Groups["call"].Value);
}

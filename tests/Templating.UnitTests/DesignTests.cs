using System.Text.RegularExpressions;
using Templating.Testing;

namespace Templating.UnitTests;

/// <summary>docs/design.md is the map of the house: it has every folder of src/, and none that is not there.</summary>
public sealed class DesignTests
{
    [Fact]
    public void EveryFolderOfTheSourceHasItsLineOnTheMap()
    {
        var map = Sections(File.ReadAllText(Path.Combine(Repository.Root, "docs", "design.md")));
        var source = Path.Combine(Repository.Root, "src");

        foreach (var project in Directory.GetDirectories(source).Select(path => Path.GetFileName(path)!))
        {
            map.ShouldContainKey(project);
            map[project].ShouldBe(Folders(Path.Combine(source, project)), ignoreOrder: true, project);
        }

        map.Keys.ShouldBe(Directory.GetDirectories(source).Select(path => Path.GetFileName(path)!), ignoreOrder: true);
    }

    /// <summary>Those that have code, or have one that has.</summary>
    private static string[] Folders(string project) =>
    [
        .. Directory.GetFiles(project, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(project, Path.GetDirectoryName(file)!))
            .Where(folder => folder != ".").Distinct(StringComparer.Ordinal).Select(folder => folder + "/"),
    ];

    private static Dictionary<string, string[]> Sections(string page) => Regex
        .Split(page, "^### ", RegexOptions.Multiline, TimeSpan.FromSeconds(5))
        .Select(section => (
            Project: Regex.Match(section, "^`src/(?<project>Templating\\.[A-Za-z]+)/`", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)),
            Folders: Regex.Matches(section, "^\\| `(?<folder>[A-Za-z/]+/)` \\| [^|]+ \\|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))))
        .Where(section => section.Project.Success)
        .ToDictionary(
            section => section.Project.Groups["project"].Value, section => section.Folders.Select(match => match.Groups["folder"].Value).ToArray(), StringComparer.Ordinal);
}

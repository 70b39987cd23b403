using System.Text.RegularExpressions;
using Templating.Testing;

namespace Templating.IntegrationTests.Guests;

/// <summary>The shell commands of a page of docs/, as they stand there: by the number of their section, the blocks in their order.</summary>
internal sealed partial class Walkthrough
{
    private readonly string[][] _sections;

    public Walkthrough(string page)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", page));
        _sections = [.. Headings().Split(text).Select(section => Blocks().Matches(section).Select(match => match.Groups["block"].Value).ToArray())];
    }

    /// <summary>Section 0 is what stands before the first heading.</summary>
    public string this[int section, int block] => _sections[section][block];

    public string Section(int section) => string.Concat(_sections[section]);

    public int BlocksOf(int section) => _sections[section].Length;

    [GeneratedRegex("^## ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Headings();

    [GeneratedRegex("^```sh\n(?<block>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Blocks();
}

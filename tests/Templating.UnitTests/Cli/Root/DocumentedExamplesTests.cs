using System.CommandLine;
using System.Text.RegularExpressions;
using Templating.Cli.Base;
using Templating.Cli.Root;
using Templating.Cli.Templates;
using Templating.Node.Commands;
using Templating.Testing;

namespace Templating.UnitTests.Cli.Root;

/// <summary>What the pages and the help show is what the program takes, and what the guest of this repository can do.</summary>
public sealed class DocumentedExamplesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly (string File, string Text)[] Pages =
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Select(file => (Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file))),
    ];

    [Fact]
    public void EveryCommandOfThePagesAndOfTheHelpIsUnderstood()
    {
        var root = CommandLine.CreateRoot(CliHost.OfProcess(), Executable.Commands);
        var lines = Pages.SelectMany(page => Blocks(page.Text, "sh").SelectMany(Lines).Select(line => (page.File, Line: line)))
            .Concat(HelpExamples(root).Select(line => (File: "--help", Line: line)))
            .Where(example => Regex.IsMatch(example.Line, @"^(\S+=\S* )*templating ", RegexOptions.ExplicitCapture, Limit))
            .ToList();

        lines.Count.ShouldBeGreaterThan(60);
        lines.Where(example => root.Parse(Words(example.Line)).Errors.Count > 0).ShouldBeEmpty();
    }

    [Fact]
    public void EverySpecOfThePagesIsRead()
    {
        var specs = Pages.SelectMany(page => Blocks(page.Text, "yaml|sh").Select(block => (page.File, Text: Spec(block)))).Where(s => s.Text is not null).ToList();
        specs.Count.ShouldBeGreaterThanOrEqualTo(2);
        specs.ShouldAllBe(spec => SpecFile.Parse(spec.File, spec.Text!).Spec.Guest != null);
    }

    [Fact]
    public void NoExampleWritesWhereOurOwnGuestIsReadOnly()
    {
        string[] texts =
        [
            .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "kubernetes", "samples")).Select(File.ReadAllText),
            .. Pages.Select(p => p.Text),
            .. HelpExamples(CommandLine.CreateRoot(CliHost.OfProcess(), Executable.Commands)), Templating.Cli.Parsing.FileArgument.Allowed,
        ];
        var files = texts.SelectMany(text => Regex.Matches(text, @"files:\s*(#.*\s*)?- path: (?<path>\S+)|(--file |such as )(?<path>/[^=\s]+)=", RegexOptions.ExplicitCapture, Limit)
            .Select(m => m.Groups["path"].Value)).ToList();

        files.Count.ShouldBeGreaterThanOrEqualTo(2);
        files.ShouldAllBe(path => path.StartsWith("/run/") || path.StartsWith("/tmp/"));
    }

    private static IEnumerable<string> HelpExamples(Command command) =>
        (command as CliCommand)?.Examples is { } own ? Lines(string.Join('\n', own)).Concat(command.Subcommands.SelectMany(HelpExamples)) : command.Subcommands.SelectMany(HelpExamples);

    private static IEnumerable<string> Blocks(string page, string kind) =>
        Regex.Matches(page, $"^```({kind})\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture, Limit).Select(m => m.Groups["text"].Value);

    private static IEnumerable<string> Lines(string block) => Regex.Replace(block, @"\\\n\s*", "", RegexOptions.None, Limit).Split('\n').Select(line => line.Trim());

    /// <summary>A shell's words, without what follows a pipe, a redirection or a remark.</summary>
    private static string[] Words(string line) =>
        [.. Regex.Matches(line, @"(?<end>[|&#>].*|<\s*\S+)|(?<word>('[^']*'|""[^""]*""|[^\s'""])+)", RegexOptions.ExplicitCapture, Limit)
            .Where(m => m.Groups["word"].Success).Select(m => m.Groups["word"].Value.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal))
            .SkipWhile(word => word != "templating").Skip(1)];

    /// <summary>A template's spec in a block, or in a here-document in one.</summary>
    private static string? Spec(string block) =>
        block.StartsWith("guest:", StringComparison.Ordinal) ? block
            : Regex.Match(block, "<<EOF\n(?<text>guest:.*?)^EOF", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture, Limit) is { Success: true } here
                ? here.Groups["text"].Value.Replace("$PWD", "/work", StringComparison.Ordinal) : null;
}

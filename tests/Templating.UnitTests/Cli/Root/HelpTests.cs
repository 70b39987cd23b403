using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Root;
using Templating.Node.Commands;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Cli.Root;

public sealed class HelpTests
{
    public static TheoryData<string> Commands()
    {
        var data = new TheoryData<string>();
        Walk(CommandLine.CreateRoot(CliHost.OfProcess(), Executable.Commands), "", data);
        return data;

        static void Walk(Command command, string path, TheoryData<string> data)
        {
            foreach (var child in command.Subcommands)
            {
                data.Add((path + " " + child.Name).Trim());
                Walk(child, path + " " + child.Name, data);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task EveryCommandHasHelpWithAnExampleThatParses(string path)
    {
        var run = await CliRun.OfAsync([.. path.Split(' '), "--help"]);
        run.Code.ShouldBe(ExitCode.Ok);
        run.Error.ShouldBeEmpty();
        run.Out.ShouldContain("Description:");
        run.Out[run.Out.IndexOf("Examples:", StringComparison.Ordinal)..].ShouldContain($"templating {path.Split(' ')[0]}");
    }

    [Fact]
    public void EveryOptionAndArgumentSaysWhatItIs()
    {
        var faults = new List<string>();
        Walk(CommandLine.CreateRoot(CliHost.OfProcess(), Executable.Commands));
        faults.ShouldBeEmpty();

        void Walk(Command command)
        {
            faults.AddRange(command.Options.Where(o => string.IsNullOrWhiteSpace(o.Description)).Select(o => $"{command.Name} {o.Name}"));
            faults.AddRange(command.Arguments.Where(a => string.IsNullOrWhiteSpace(a.Description)).Select(a => $"{command.Name} {a.Name}"));
            foreach (var child in command.Subcommands)
            {
                Walk(child);
            }
        }
    }

    [Fact]
    public async Task DefaultsOfChoicesAreShownInTheWordsThatAreTyped()
    {
        var run = await CliRun.OfAsync("template", "create", "--help");
        run.Out.ShouldContain("(default table)");
        run.Out.ShouldContain("(default auto)");
        run.Out.ShouldNotContain("Table", Case.Sensitive);
        run.Out.ShouldNotContain("Auto", Case.Sensitive);
    }

    [Fact]
    public async Task TheVersionIsPrintedInEveryFormat()
    {
        (await CliRun.OfAsync("version")).Out.ShouldStartWith("templating 0.");
        (await CliRun.OfAsync("version", "-o", "json")).Out.ShouldContain("\"version\": \"0.");
        (await CliRun.OfAsync("--version")).Out.ShouldStartWith("0.");
    }
}

using System.Diagnostics;
using Templating.Testing;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Root;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("templating cl", "clone")]
    [InlineData("templating clone cr", "create")]
    [InlineData("templating clone create --iden", "--identity-timeout")]
    [InlineData("templating clone list -o js", "json")]
    [InlineData("templating sandbox rel", "release")]
    [InlineData("templating completion ba", "bash")]
    public async Task BashCompletesWhatIsTyped(string typed, string completed)
    {
        var replies = await BashAsync(typed, "unix:///nonexistent/s");
        replies.ShouldBe([completed]);
    }

    [Fact]
    public async Task AChoiceIsOfferedInTheWordsThatAreDocumented() =>
        (await BashAsync("templating clone list -o ", "unix:///nonexistent/s")).ShouldBe(["json", "name", "table", "wide", "yaml"], ignoreOrder: true);

    [Fact]
    public async Task BashCompletesNamesTheDaemonKnows()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnList = _ => new ListClonesResponse { Clones = { Samples.Clone("web-1"), Samples.Clone("db-1") } };
        // On a busy host the daemon may not answer within the moment that a person waits; then TAB is pressed again.
        (await Eventually.SeeAsync<string[]>(async () => await BashAsync("templating clone show we", node.Address), names => names.Length > 0, "a name is offered"))
            .ShouldBe(["web-1"]);
    }

    [Theory]
    [InlineData("zsh", "#compdef templating")]
    [InlineData("fish", "complete -c templating")]
    public async Task OtherShellsHaveTheirScripts(string shell, string part)
    {
        var run = await CliRun.OfAsync("completion", shell);
        run.Code.ShouldBe(0);
        run.Out.ShouldContain(part);
        run.Out.ShouldContain("[suggest:");
    }

    // A real bash sources the script and is asked as TAB would ask it.
    private static async Task<string[]> BashAsync(string typed, string address)
    {
#pragma warning disable RS0030 // A shell of a moment, in a test; the daemon's rules for processes are not for it.
        var start = new ProcessStartInfo("bash")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--norc", "-c",
                """
                source <(templating completion bash)
                COMP_LINE="$1" COMP_POINT=${#1}
                _templating
                printf '%s\n' "${COMPREPLY[@]}"
                """,
                "bash", typed,
            },
        };
        start.Environment["PATH"] = AppContext.BaseDirectory + ":/usr/bin:/bin:" + Path.GetDirectoryName(Environment.ProcessPath);
        start.Environment["TEMPLATING_ADDRESS"] = address;
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        using var bash = Process.Start(start)!;
        var output = await bash.StandardOutput.ReadToEndAsync();
        var error = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
#pragma warning restore RS0030
        error.ShouldBeEmpty();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

using Templating.Testing.Nodes;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Terminals;

/// <summary>On a terminal of script(1), whose width is nothing until somebody sets it.</summary>
public sealed class TerminalWidthTests
{
    [Theory]
    [InlineData("stty cols 0", 80)]
    [InlineData("stty cols 1", 1)]
    [InlineData("stty cols 10", 10)]
    [InlineData("stty cols 40; export COLUMNS=0", 40)]
    [InlineData("stty cols 0; export COLUMNS=33", 33)]
    [InlineData("stty cols 0; export TERM=dumb", 80)]
    [InlineData("stty cols 0; export TERM=nonsense NO_COLOR=1", 80)]
    [InlineData("stty cols 10; exec 2>&1 </dev/null", 10)]
    public async Task EveryCommandWorksAndNoTableIsWider(string setup, int width)
    {
        await using var node = await FakeNode.StartAsync();
        var clone = Samples.Clone("web-with-a-long-name");
        node.Clones.OnList = _ => new ListClonesResponse { Clones = { clone } };
        node.Clones.Changes = [new WatchClonesResponse { Type = ChangeType.Synced }, new WatchClonesResponse { Type = ChangeType.Modified, Clone_ = clone }];
        node.Templates.Verify =
        [
            new VerifyTemplateResponse { File = "memory", DoneBytes = 1, TotalBytes = 2 },
            new VerifyTemplateResponse { Result = new VerifyResult { Name = "n", Sound = true } },
        ];
        node.Templates.OnCreate = async (_, responses, _) =>
        {
            await responses.WriteAsync(new CreateTemplateResponse { Phase = "boot", Message = "waiting for the guest's agent" });
            await responses.WriteAsync(new CreateTemplateResponse { Phase = "done", Template = Samples.Template("web") });
        };

        var tables = await OnTerminalAsync(node, $"{setup}; $B clone list && $B clone list --watch");
        var others = await OnTerminalAsync(
            node, $"{setup}; $B template create web --kernel /k && $B template verify web && $B clone list -o wide && $B node info && echo all-done");

        tables.ExitCode.ShouldBe(0, tables.Output);
        tables.Output.ShouldContain(width < 20 ? "…" : "web-with-a-l");
        Plain(tables.Output).Split('\n').Max(l => l.TrimEnd('\r').Length).ShouldBeLessThanOrEqualTo(width);
        others.Output.EndsWith("all-done\r\n", StringComparison.Ordinal).ShouldBeTrue(others.Output);
        others.Output.ShouldContain("CHARGED");
        if (setup.Contains("TERM", StringComparison.Ordinal) && !setup.Contains("nonsense", StringComparison.Ordinal))
        {
            others.Output.ShouldNotContain('\u001b');
        }
    }

    private static Task<ProgramResult> OnTerminalAsync(FakeNode node, string line) => ShellRun.OfAsync(
        node, "TERM=xterm script -qec \"bash -c '$LINE'\" /dev/null", new Dictionary<string, string> { ["LINE"] = line });

    private static string Plain(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, "\u001b\\[[0-9;?]*[A-Za-z]", "", default, TimeSpan.FromSeconds(5));
}

using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.Cli.Output;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Output;

public sealed class PhaseBarTests
{
    [Fact]
    public void EachPhaseHasItsPartOfTheBarAndItsNameBesideIt()
    {
        var bar = PhaseBar.Of([Phase("queue", 0.01), Phase("qemu_start", 25), Phase("restore", 0.7), Phase("identity", 75)]);

        // One that took next to nothing has no part; one that took a little has a part that can be seen.
        bar.ShouldBe(new string('░', 15) + "▒" + new string('▓', 45) + "  ░ qemu_start 25%  ▒ restore 1%  ▓ identity 74%");
    }

    [Fact]
    public void WhereNothingWasMeasuredThereIsNoBar()
    {
        PhaseBar.Of([]).ShouldBeEmpty();
        PhaseBar.Of([Phase("queue", 0)]).ShouldBeEmpty();
        PhaseBar.Of([new Phase { Name = "queue" }]).ShouldBeEmpty();
    }

    [Fact]
    public async Task ItStandsInShowAndAfterACreateAtATerminalAloneSoThatTablesStayTables()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (_, _) => Task.FromResult(Samples.Clone("a"));
        node.Clones.OnCreate = _ => Samples.Clone("a");
        node.Templates.OnList = _ => new ListTemplatesResponse { Templates = { Samples.Template("web") } };

        (await CliRun.OfAsync(node, "clone", "show", "a")).Out.ShouldMatch("Phases: +░+▒+▓+  ░ qemu_start 35%  ▒ restore 3%  ▓ identity 61%");
        var piped = await CliRun.OfAsync(node, "clone", "create", "web");
        (piped.Code, piped.Error).ShouldBe((ExitCode.Ok, ""));
        piped.Out.ShouldNotContain("░");
        var shown = await CliRun.OfAsync(node, host => host with { OutputIsTerminal = true }, ["clone", "create", "web"]);
        shown.Error.ShouldContain("░ qemu_start 35%");
    }

    private static Phase Phase(string name, double milliseconds) =>
        new() { Name = name, Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(milliseconds)) };
}

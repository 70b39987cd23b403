using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.Cli.Terminals;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Top;

public sealed class TopCommandTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public async Task WhoHasMostOfWhatIsAskedForComesFirstAndTheNodeHasItsLine()
    {
        await using var node = await StartAsync();

        var byMemory = await RunAsync(node, "--once");
        byMemory.Code.ShouldBe(ExitCode.Ok, byMemory.Error);
        var lines = byMemory.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe("node: 3 of 8 VMs (1 wait), 960MiB of 4GiB charged");
        lines[1].ShouldStartWith("shown: 3, CPU ");
        lines[1].ShouldEndWith("%, memory 105MiB, of it private 60MiB");
        // Three who show 150 MiB of one template's files, which lie in memory once.
        lines[2].ShouldBe("150MiB of templates and images take 45MiB: sharing saves 105MiB");
        lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["ID", "TEMPLATE", "STATE", "CPU", "PRIVATE", "RAM", "CODE", "QEMU", "SHARED", "PSS", "AGE"]);
        Ids(byMemory).ShouldBe(["big", "busy", "new"]);

        Ids(await RunAsync(node, "--once", "--sort", "cpu")).ShouldBe(["busy", "big", "new"]);
        Ids(await RunAsync(node, "--once", "--sort", "ram")).ShouldBe(["new", "big", "busy"]);
        Ids(await RunAsync(node, "--once", "--sort", "age")).ShouldBe(["new", "big", "busy"]);
        Ids(await RunAsync(node, "--once", "--sort", "name")).ShouldBe(["big", "busy", "new"]);
    }

    [Fact]
    public async Task ForScriptsThereIsOneLookWithEveryFieldOfTheWire()
    {
        await using var node = await StartAsync();

        var tree = JsonNode.Parse((await RunAsync(node, "-o", "json")).Out)!;

        tree["node"]!["maxClones"]!.GetValue<int>().ShouldBe(8);
        tree["clones"]!.AsArray().Select(c => c!["id"]!.GetValue<string>()).ShouldBe(["big", "busy", "new"]);
        tree["clones"]![1]!["memory"]!["ramPrivate"]!.GetValue<string>().ShouldBe($"{MiB}");
        tree["clones"]![1]!["cpuPercent"]!.GetValue<double>().ShouldBeGreaterThan(0);
        // It was not there in the look before: nobody knows how fast it runs.
        tree["clones"]![2]!["cpuPercent"].ShouldBeNull();
    }

    [Fact]
    public async Task OnATerminalItGoesOnUntilItIsToldToEndAndLeavesTheScreenAsItWas()
    {
        await using var node = await StartAsync();
        using var enough = new CancellationTokenSource();
        var list = node.Clones.OnList!;
        var looks = 0;
        node.Clones.OnList = request =>
        {
            if (++looks == 4)
            {
                enough.Cancel();
            }

            return list(request);
        };

        var run = await CliRun.OfAsync(
            node, host => host with { OutputIsTerminal = true, OutputWidth = () => 200, Terminal = new SmallTerminal(), Clock = TimeProvider.System },
            ["top", "--interval", "100ms"], enough.Token);

        run.Code.ShouldBe(ExitCode.Interrupted);
        run.Out.ShouldStartWith("\e[?1049h");
        run.Out.ShouldEndWith("\e[?1049l");
        // Three lines for the node, the header, and what there is room for: the rest of a page must not push these away.
        var page = run.Out.Split("\e[H")[1].Split("\e[J")[0];
        page.Split('\n').Length.ShouldBe(SmallTerminal.Rows);
        page.ShouldContain("node: 3 of 8 VMs");
        page.ShouldNotContain("busy");
        page.ShouldMatch("and \\d+ more: make the terminal higher");
        // Nor must a line that is wider than the screen.
        run.Out.ShouldStartWith("\e[?1049h\e[?25l\e[?7l");
        run.Out.ShouldEndWith("\e[?7h\e[?25h\e[?1049l");
    }

    [Theory]
    [InlineData("10ms", "10ms")]
    [InlineData("61m", "1h1m")]
    public async Task AnIntervalThatIsNoneIsRefusedWithWhatIsAllowed(string interval, string shown)
    {
        await using var node = await StartAsync();

        var run = await CliRun.OfAsync(node, "top", "--once", "--interval", interval);

        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain($"--interval: {shown} is not allowed; give 100ms to 1h.");
    }

    [Fact]
    public async Task ATemplateTellsWhatItsClonesShare()
    {
        await using var node = await StartAsync();
        var template = Samples.Template("web");
        template.Clones = 3;
        node.Templates.OnGet = _ => template;
        node.Templates.OnList = _ => new ListTemplatesResponse { Templates = { template } };

        (await CliRun.OfAsync(node, "template", "show", "web")).Out
            .ShouldMatch("Its clones: +private 50MiB; 100MiB of templates and images take 30MiB: sharing saves 70MiB\\n");
    }

    private static string[] Ids(CliRun run) =>
        [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(4).Select(line => line.Split(' ')[0])];

    private static Task<CliRun> RunAsync(FakeNode node, params string[] arguments) =>
        CliRun.OfAsync(node, host => host with { Clock = TimeProvider.System }, ["top", "--interval", "100ms", .. arguments]);

    /// <summary>With clones that take their CPU time from one look to the next; the newest comes between the first two.</summary>
    private static async Task<FakeNode> StartAsync()
    {
        var node = await FakeNode.StartAsync();
        var looks = 0;
        node.Node.Answer = new V1.Node { Clones = 3, WaitingVms = 1, MaxClones = 8, MemoryChargedBytes = 960L * MiB, MemoryBudgetBytes = 4096L * MiB };
        node.Clones.OnList = request =>
        {
            looks = request.View == CloneView.Full ? looks + 1 : looks;
            var clones = new[]
            {
                Clone("busy", 20, ram: 1, age: 3, cpu: looks * 40), Clone("big", 30, ram: 2, age: 2, cpu: looks), Clone("new", 10, ram: 3, age: 1, cpu: 7),
            };
            return new ListClonesResponse { Clones = { looks == 1 ? clones[..2] : clones } };
        };
        return node;
    }

    private static VmClone Clone(string id, int mebibytes, int ram, int age, int cpu)
    {
        var clone = Samples.Clone(id);
        clone.CreateTime = Timestamp.FromDateTimeOffset(CliRun.Now - TimeSpan.FromHours(age));
        clone.CpuTime = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(cpu));
        clone.Memory = new MemoryUsage
        {
            Private = mebibytes * MiB,
            RamPrivate = ram * MiB,
            Proportional = 35 * MiB,
            FilesResident = 50 * MiB,
            FilesProportional = 15 * MiB,
        };
        return clone;
    }

    private sealed class SmallTerminal : IOwnTerminal
    {
        public const int Rows = 4;

        public (int Rows, int Columns)? Size => (Rows, 200);

        public IDisposable MakeRaw() => throw new InvalidOperationException("Nobody types here.");

        public IDisposable WatchSize(Action changed) => throw new InvalidOperationException("It is looked at each time.");
    }
}

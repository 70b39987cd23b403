using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>The daemon's VMs that wait for their template: taken, passed over, made anew, and gone when they should be.</summary>
public sealed class BlankNodeTests : NodeTest
{
    private static readonly (string Name, string Value) One = ("BLANKS_COUNT", "1");

    [Fact]
    public async Task CloneIsMadeOfAVmThatWaitedAndAnotherOneWaitsSoon()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // without namespaces there are none
        }

        await using var node = await TestNode.StartAsync(One);
        var waiting = await WaitingAsync(node);
        Knows(waiting, node.Folder.Store).ShouldBeEmpty("it knows nothing of any template");
        var charged = (await InfoAsync(node)).MemoryChargedBytes;
        using var http = new HttpClient();

        var clone = await node.Client.CloneAsync(Limit);

        clone.Pid.ShouldBe(waiting);
        PhasesOf(clone).ShouldContain("bind");
        PhasesOf(clone).ShouldNotContain("qemu_start");
        clone.Identity.KernelReseeded.ShouldBeTrue();
        (await clone.HttpGetAsync(http, Limit)).ShouldContain(clone.Id);
        (await node.Client.ShellAsync(clone, "hostname", Limit)).Output.ShouldBe(clone.Id + "\n");
        (await node.Client.GetAsync(clone, Limit, CloneView.Full)).Memory.ImagePrivate.ShouldBe(0);
        charged.ShouldBe(64L << 20, "QEMU's own memory, and no RAM");
        (await WaitingAsync(node)).ShouldNotBe(waiting);
        (await InfoAsync(node)).MemoryChargedBytes.ShouldBe(clone.ChargedBytes + charged);
    }

    [Fact]
    public async Task TwoThatWantTheLastOneGetAVmEach()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        await using var node = await TestNode.StartAsync(One);
        var waiting = await WaitingAsync(node);

        var clones = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => node.Client.CloneAsync(Limit)));

        clones.Count(clone => clone.Pid == waiting).ShouldBe(1);
        clones.Count(clone => PhasesOf(clone).Contains("qemu_start")).ShouldBeGreaterThan(0);
        clones.Select(clone => clone.Pid).ShouldBeUnique();
        clones.Select(clone => VmProcesses.UserOf(clone.Pid)).ShouldBeUnique();
        clones.Select(clone => clone.Identity.MachineId).ShouldBeUnique();
    }

    [Fact]
    public async Task OneThatDoesNotAnswerIsPassedOverAndEnded()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        await using var node = await TestNode.StartAsync(One);
        var stopped = await WaitingAsync(node);
        Signals.Send(stopped, Signals.Stop).ShouldBeTrue();

        var clone = await node.Client.CloneAsync(Limit);

        PhasesOf(clone).ShouldBe(["queue", "verify", "bind", "qemu_start", "restore", "resume", "identity"]);
        clone.Phases.Single(phase => phase.Name == "bind").Duration.ToTimeSpan().ShouldBeLessThan(TimeSpan.FromSeconds(10));
        clone.Pid.ShouldNotBe(stopped);
        await Eventually.UntilAsync(() => !Signals.Send(stopped, signal: 0), "the one that was stopped is gone", cancellationToken: Limit);
        (await WaitingAsync(node)).ShouldNotBe(stopped);
    }

    [Fact]
    public async Task OneThatDiedIsReplaced()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        await using var node = await TestNode.StartAsync(One);
        var first = await WaitingAsync(node);
        Signals.Send(first, Signals.Kill).ShouldBeTrue();
        await Eventually.UntilAsync(() => !Signals.Send(first, signal: 0), "it is gone", cancellationToken: Limit);

        var clone = await node.Client.CloneAsync(Limit);

        clone.Pid.ShouldNotBe(first);
        (await WaitingAsync(node)).ShouldNotBe(first);
    }

    [Fact]
    public async Task TheyGiveWayToAClone()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        // Room for two clones of 192 MiB, and none for what waits beside them.
        await using var node = await TestNode.StartAsync(One, ("MEMORY_BUDGET", "384MiB"));
        await WaitingAsync(node);
        var first = await node.Client.CloneAsync(Limit);
        await WaitingAsync(node);

        var second = await node.Client.CloneAsync(Limit);

        second.State.ShouldBe(CloneState.Running);
        (await InfoAsync(node)).MemoryChargedBytes.ShouldBe(first.ChargedBytes + second.ChargedBytes);
        await Eventually.UntilAsync(() => VmProcesses.Of(node.Folder.Blanks).Count == 0, "none waits", cancellationToken: Limit);
    }

    [Fact]
    public async Task CloneOfOneLivesOnUnderTheNextDaemonAndNoneThatWaitedDoes()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        await using var node = await TestNode.StartAsync(One);
        var bound = await WaitingAsync(node);
        var clone = await node.Client.CloneAsync(Limit);
        (await WaitingAsync(node)).ShouldNotBe(bound);
        await node.Client.ShellAsync(clone, "echo mine >/run/kept", Limit);

        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync(("BLANKS_COUNT", "0"));

        VmProcesses.Of(node.Folder.Run).ShouldBe([bound], "the other was the dead daemon's");
        Directory.EnumerateFileSystemEntries(node.Folder.Blanks).ShouldBeEmpty();
        var adopted = await node.Client.GetAsync(clone, Limit, CloneView.Full);
        adopted.Pid.ShouldBe(bound);
        adopted.Memory.RamPrivate.ShouldBeGreaterThan(0);
        adopted.Memory.ImagePrivate.ShouldBe(0);
        (await node.Client.ShellAsync(clone, "cat /run/kept", Limit)).Output.ShouldBe("mine\n");
        (await InfoAsync(node)).BlankProblem.ShouldContain("--blanks-count");
    }

    [Fact]
    public async Task DaemonThatIsKilledAtWhateverMomentOfABindingLeavesNothingUnknown()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        await using var node = await TestNode.StartAsync(One);
        foreach (var (moment, has) in Moments)
        {
            var (waiting, before) = (await WaitingAsync(node), Bound(node));
            var call = TryAsync(node.Client.CloneAsync(Limit));
            await Eventually.UntilAsync(() => call.IsCompleted || has(node, waiting, before), moment, cancellationToken: Limit);
            await node.Daemon.KillAsync(Limit);
            await call;
            await node.RestartAsync(("BLANKS_COUNT", "0"));
            await EveryVmIsKnownAsync(node);
            Directory.EnumerateFileSystemEntries(node.Folder.Blanks).ShouldBeEmpty();
            await node.Daemon.StopAsync(Limit);
            await node.RestartAsync(One);
        }
    }

    /// <summary>What can be seen from outside of a binding, in its order. None is undone; the last is its clone.</summary>
    private static readonly (string What, Func<TestNode, int, int, bool> Has)[] Moments =
    [
        ("its clone was asked for", (_, _, _) => true),
        ("it wrote down which files its memory is", (node, _, before) => Bound(node) > before),
        ("it is the clone's", (node, waiting, _) => !VmProcesses.Of(node.Folder.Blanks).Contains(waiting)),
        ("its clone is ready", (_, _, _) => false),
    ];

    /// <summary>How many VMs are bound, or about to be.</summary>
    private static int Bound(TestNode node) => Directory.EnumerateFiles(node.Folder.Run, "memory", SearchOption.AllDirectories).Count();

    private static IReadOnlyList<string> PhasesOf(VmClone clone) => [.. clone.Phases.Select(phase => phase.Name)];

    private async Task<V1.Node> InfoAsync(TestNode node) => await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);

    /// <returns>The process of the only one that waits.</returns>
    private async Task<int> WaitingAsync(TestNode node)
    {
        await Eventually.UntilAsync(async () => (await InfoAsync(node)).BlankVms == 1, "one waits", cancellationToken: Limit);
        return VmProcesses.Of(node.Folder.Blanks).ShouldHaveSingleItem();
    }

    /// <summary>Files below a folder that a process has mapped or open.</summary>
    private static IReadOnlyList<string> Knows(int pid, string folder) =>
    [
        .. File.ReadLines($"/proc/{pid}/maps").Where(line => line.Contains(folder, StringComparison.Ordinal)),
        .. Directory.EnumerateFiles($"/proc/{pid}/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "").Where(target => target.StartsWith(folder, StringComparison.Ordinal)),
    ];
}

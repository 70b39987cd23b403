using Templating.Api.Client;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;
using Xunit.Abstractions;

namespace Templating.AttackTests.Harness;

/// <summary>
/// Runs an attack on a daemon while another tenant works, and holds the daemon to what is promised: others are served, memory stays
/// within bounds, the log does not grow with the attack, and afterwards nothing of it is left.
/// </summary>
internal sealed class Siege(BesiegedNode besieged, ITestOutputHelper output)
{
    /// <summary>Half of the calls of others take less. The promise; the machine is shared with emulated guests.</summary>
    private static readonly TimeSpan OthersMedian = TimeSpan.FromMilliseconds(50);

    /// <summary>The promise, for the executable that is shipped.</summary>
    private const long MostMemory = 150L << 20;

    /// <summary>What one that is compiled as it runs may take more than before: its compiler alone has about the rest.</summary>
    private const long MostGrowth = 100L << 20;

    /// <summary>A line for each failed call and change of a clone is fine; one for each message is not.</summary>
    private const long MostLog = 256 << 10;

    /// <summary>Threads of the pool come and go.</summary>
    private const int SpareThreads = 16;

    /// <summary>Sockets and timers of the runtime's own, made at first use.</summary>
    private const int SpareDescriptors = 8;

    private static bool IsCompiledAsItRuns => File.Exists(Path.ChangeExtension(NodeExecutable.Path, ".dll"))
        || File.Exists(NodeExecutable.Path + ".dll");

    /// <param name="name">For the figures.</param>
    /// <param name="attack">Ends by itself; its token ends it when the test does.</param>
    /// <param name="cancellationToken">The test's limit.</param>
    /// <param name="settings">Of this daemon alone.</param>
    public async Task WithstandAsync(
        string name, Func<CancellationToken, Task> attack, CancellationToken cancellationToken, params (string Name, string Value)[] settings)
    {
        var node = besieged.Node;
        await node.Daemon.StopAsync(cancellationToken);
        await node.RestartAsync(settings);
        // Warm: each method of the daemon's has run once, and the templates' bytes are checked.
        var clone = await node.Client.CloneAsync(cancellationToken);
        await node.Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = (await besieged.HostileCloneAsync("honest", cancellationToken)).Name }, cancellationToken: cancellationToken);
        await new Others(node.Client, clone).GoOnAsync(new CancellationToken(canceled: true), cancellationToken);
        var before = Read(node);
        Usage.Forget(node.Daemon.Pid);
        var others = new Others(node.Client, clone);
        using var over = new CancellationTokenSource();
        var began = TimeProvider.System.GetTimestamp();

        var going = others.GoOnAsync(over.Token, cancellationToken);
        try
        {
            await attack(cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await going;
        }

        var during = Read(node);
        var took = TimeProvider.System.GetElapsedTime(began);
        Tell(name, took, before, during, others);
        Others.Median(others.Reads).ShouldBeLessThan(OthersMedian, "others are served");
        during.PeakBytes.ShouldBeLessThan(IsCompiledAsItRuns ? before.MemoryBytes + MostGrowth : MostMemory, "memory");
        (during.LogBytes - before.LogBytes).ShouldBeLessThan(MostLog, "bytes of log");
        await LeavesNothingAsync(node, clone, before, cancellationToken);
    }

    private static async Task LeavesNothingAsync(TestNode node, VmClone clone, Usage before, CancellationToken cancellationToken)
    {
        var left = new List<string>();
        await foreach (var other in node.Client.Clones.ListAllAsync(new ListClonesRequest { Parent = "tenants/-" }, cancellationToken: cancellationToken))
        {
            left.Add(other.Name);
        }

        await Task.WhenAll(left.Where(other => other != clone.Name).Select(async other => await node.Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = other }, cancellationToken: cancellationToken)));
        await Eventually.SeeAsync(
            () => Task.FromResult<Usage?>(Read(node)), now => now.Descriptors <= before.Descriptors + SpareDescriptors && now.Threads <= before.Threads + SpareThreads,
            "descriptors and threads are as before", TimeSpan.FromSeconds(30), explain: now => Task.FromResult($"before: {before}\nnow: {now}"),
            cancellationToken: cancellationToken);
        (await node.Client.ShellAsync(clone, "echo on", cancellationToken)).Output.ShouldBe("on\n");
        (await node.CleanAsync(cancellationToken)).ShouldBeEmpty();
    }

    private void Tell(string name, TimeSpan took, Usage before, Usage during, Others others) => output.WriteLine(FormattableString.Invariant(
        $"""
        FIGURES {name}: {took.TotalSeconds:0.0} s; others {others.Reads.Count} reads, median {Others.Median(others.Reads).TotalMilliseconds:0.0} ms, most {others.Reads.Max().TotalMilliseconds:0} ms; {others.Clones.Count} clones, median {Others.Median(others.Clones).TotalMilliseconds:0} ms, most {others.Clones.Max().TotalMilliseconds:0} ms; memory {before.MemoryBytes >> 20} MiB, peak {during.PeakBytes >> 20} MiB; processor {(during.Processor - before.Processor) / took:P0}; descriptors {before.Descriptors} -> {during.Descriptors}; threads {before.Threads} -> {during.Threads}; log {(during.LogBytes - before.LogBytes) >> 10} KiB
        """));

    private static Usage Read(TestNode node) => Usage.Read(node.Daemon.Pid, node.Folder.LogFile);
}

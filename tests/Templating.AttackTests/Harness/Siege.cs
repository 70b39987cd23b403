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
    /// <summary>Half of the calls of others take less: the promise.</summary>
    private static readonly TimeSpan OthersMedian = TimeSpan.FromMilliseconds(50);

    /// <summary>The same for a call that connects first.</summary>
    private static readonly TimeSpan OthersConnect = TimeSpan.FromMilliseconds(250);

    /// <summary>No clone of others takes longer. Generous: all VMs are emulated, and the attack's guests take the processors.</summary>
    private static readonly TimeSpan OthersClone = TimeSpan.FromSeconds(8);

    /// <summary>The promise, for the executable that is shipped.</summary>
    private const long MostMemory = 150L << 20;

    /// <summary>What one that is compiled as it runs may take more than before: its compiler alone has about the rest.</summary>
    private const long MostGrowth = 100L << 20;

    /// <summary>A line for each failed call and change of a clone is fine; one for each message is not.</summary>
    private const long MostLog = 256 << 10;

    /// <summary>Threads of the pool come and go.</summary>
    private const int SpareThreads = 16;

    /// <summary>What the runtime opens at first use: sockets, timers, and libraries of an executable that is compiled as it runs.</summary>
    private const int SpareDescriptors = 24;

    private static bool IsCompiledAsItRuns => File.Exists(NodeExecutable.Path + ".dll");

    /// <param name="name">For the figures.</param>
    /// <param name="attack">Ends by itself; its token ends it when the test does.</param>
    /// <param name="cancellationToken">The test's limit.</param>
    /// <param name="descriptors">How many the daemon may have; null for as many as this machine allows.</param>
    public async Task<Figures> WithstandAsync(
        string name, Func<CancellationToken, Task> attack, CancellationToken cancellationToken, int? descriptors = null)
    {
        var node = besieged.Node;
        await node.Daemon.StopAsync(cancellationToken);
        await node.RestartAsync(("DESCRIPTORS", descriptors?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? ""));
        // Warm: what others and the attack use has run once, and the templates' bytes are checked.
        var clone = await node.Client.CloneAsync(cancellationToken);
        await node.Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = (await besieged.HostileCloneAsync("honest", cancellationToken)).Name }, cancellationToken: cancellationToken);
        await new Others(node.Folder, node.Client, clone).GoOnAsync(new CancellationToken(canceled: true), cancellationToken);
        var before = Read(node);
        Usage.Forget(node.Daemon.Pid);
        var others = new Others(node.Folder, node.Client, clone);
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

        var figures = new Figures(TimeProvider.System.GetElapsedTime(began), before, Read(node), others);
        output.WriteLine($"FIGURES {name}: {figures}");
        others.Reads.Median.ShouldBeLessThan(OthersMedian, "others are served");
        others.Connections.Median.ShouldBeLessThan(OthersConnect, "others are let in");
        others.Clones.Most.ShouldBeLessThan(OthersClone, "others' clones start");
        figures.During.PeakBytes.ShouldBeLessThan(IsCompiledAsItRuns ? before.MemoryBytes + MostGrowth : MostMemory, "memory");
        figures.LogBytes.ShouldBeLessThan(MostLog, "bytes of log");
        await LeavesNothingAsync(node, clone, before, cancellationToken);
        return figures;
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

    private static Usage Read(TestNode node) => Usage.Read(node.Daemon.Pid, node.Folder.LogFile);
}

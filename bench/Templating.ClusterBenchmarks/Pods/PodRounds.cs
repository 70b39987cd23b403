using System.Diagnostics;
using k8s;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>
/// A round is the same pod with runc and in a VM, one after the other on a node at rest, and a boot of the VM's guest; which comes first changes each
/// round. The kubelet's calls are by containerd's clock, all else by this process's.
/// </summary>
internal sealed class PodRounds(ClusterClient client, ObjectWatch<PodView> pods, NodeView node, Boots boots, string @namespace, PodsOptions options, Samples samples)
    : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly ContainerdLog _log = new(node.Log);
    private readonly PodPage _page = new();

    /// <param name="number">Below 0 for one that does not count.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var into = number < 0 ? new Samples() : samples;
        Func<Task>[] turns =
        [
            () => PodAsync(Runtimes.Runc, number, into, cancellationToken),
            () => PodAsync(Runtimes.Vm, number, into, cancellationToken),
            async () => into.Add("boot.ms", await boots.MeasureAsync(number + 1, cancellationToken)),
        ];
        for (var i = 0; i < turns.Length; i++)
        {
            await turns[(Math.Max(number, 0) + i) % turns.Length]();
        }

        // The same way, but for the VM, which is booted where a clone is held.
        into.Add("booted.ms", into.Last("vm.ms") - into.Last("vm.step.vm.hold") + into.Last("boot.ms"));
    }

    /// <summary>Pods of one runtime that are there at the same time, at rest.</summary>
    public async Task MemoryAsync(string runtime, CancellationToken cancellationToken)
    {
        string[] names = [.. Enumerable.Range(1, options.MemoryPods).Select(i => $"{runtime}-memory-{i}")];
        foreach (var name in names)
        {
            await StartAsync(name, runtime, cancellationToken);
            await _page.AskAsync(AddressOf(name), name, cancellationToken);
        }

        // A shim gives back what it does not need when it has rested for three seconds.
        await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System, cancellationToken);
        foreach (var name in names)
        {
            var start = await _log.FindAsync(name, runtime == Runtimes.Vm, cancellationToken);
            PodMemory.Take(samples, node, runtime, start.Sandbox, Find(name).Metadata.Uid);
        }

        foreach (var name in names)
        {
            await DeleteAsync(name, cancellationToken);
        }
    }

    /// <summary>Many pods of one runtime, asked for at once.</summary>
    public async Task BurstAsync(string runtime, CancellationToken cancellationToken)
    {
        var before = node.Remains();
        string[] names = [.. Enumerable.Range(1, options.BurstPods).Select(i => $"{runtime}-burst-{i}")];
        var start = Stopwatch.GetTimestamp();
        var running = await Task.WhenAll(names.Select(name => StartAsync(name, runtime, cancellationToken)));
        samples.AddAll($"{runtime}.burst.running_ms", running.Select(at => Stopwatch.GetElapsedTime(start, at).TotalMilliseconds));
        foreach (var name in names)
        {
            await _page.AskAsync(AddressOf(name), name, cancellationToken);
            var told = await _log.FindAsync(name, runtime == Runtimes.Vm, cancellationToken);
            samples.Add($"{runtime}.burst.calls_ms", told.Milliseconds(ContainerdLog.Sandbox, ContainerdLog.Start));
        }

        await Task.WhenAll(names.Select(name => DeleteAsync(name, cancellationToken)));
        samples.Add($"{runtime}.burst.left", await IsLeftAsync(before, cancellationToken) ? 1 : 0);
    }

    public void Dispose() => _page.Dispose();

    /// <summary>containerd takes a pod's last things away a moment after the kubelet has.</summary>
    private async Task<bool> IsLeftAsync(string before, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (node.Remains() != before)
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                await Console.Error.WriteLineAsync($"Before: {before}\nAfter:  {node.Remains()}");
                return true;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }

        return false;
    }

    private async Task PodAsync(string runtime, int number, Samples into, CancellationToken cancellationToken)
    {
        var name = $"{runtime}-{number + 1}";
        var start = Stopwatch.GetTimestamp();
        var running = await StartAsync(name, runtime, cancellationToken);
        var answered = await _page.AskAsync(AddressOf(name), name, cancellationToken);
        into.Add($"{runtime}.running_ms", Stopwatch.GetElapsedTime(start, running).TotalMilliseconds);
        into.Add($"{runtime}.answer_ms", Stopwatch.GetElapsedTime(start, answered).TotalMilliseconds);
        var told = await _log.FindAsync(name, runtime == Runtimes.Vm, cancellationToken);
        into.Add($"{runtime}.ms", told.Milliseconds(ContainerdLog.Sandbox, ContainerdLog.Start));
        foreach (var call in (string[])[ContainerdLog.Sandbox, ContainerdLog.Create, ContainerdLog.Start])
        {
            into.Add($"{runtime}.call.{call}", told.Milliseconds(call));
        }

        foreach (var step in told.Steps)
        {
            into.Add($"{runtime}.step.{step.Part}.{step.Name}", step.End - step.Begin);
        }

        await DeleteAsync(name, cancellationToken);
    }

    /// <returns>When the watch told that it runs.</returns>
    private async Task<long> StartAsync(string name, string runtime, CancellationToken cancellationToken)
    {
        var running = pods.WhenAsync(name, Conditions.Running, Limit, cancellationToken);
        await client.Api.CoreV1.CreateNamespacedPodAsync(PodSpecs.MakePod(name, options.Image, runtime), @namespace, cancellationToken: cancellationToken);
        return await running;
    }

    private async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await client.Api.CoreV1.DeleteNamespacedPodAsync(name, @namespace, cancellationToken: cancellationToken);
        await pods.WhenAsync(name, Conditions.Gone, Limit, cancellationToken);
    }

    private string AddressOf(string name) => Find(name).Status?.PodIP ?? throw new BenchmarkException($"Pod {name} runs and has no address.");

    private PodView Find(string name) => pods.All.First(p => p.Metadata.Name == name);
}

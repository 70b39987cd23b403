using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>What many clones that do nothing take, and what the daemon takes for them.</summary>
internal sealed class IdleFigures(Daemon daemon, GuestTemplate template, Samples samples)
{
    private const int AtOnce = 4;

    /// <summary>The daemon gives its garbage back once it rests, which it looks at every two seconds.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    public async Task RunAsync(int count, int windows, CancellationToken cancellationToken)
    {
        var clones = new Clones(daemon, template);
        // Once unmeasured, so that what is counted for each is not what the first of so many needed for all.
        await clones.StartAsync(count, AtOnce, cancellationToken);
        await daemon.DeleteClonesAsync(cancellationToken);
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        var before = Processes.ResidentBytes(daemon.Pid);

        var pools = new PoolRounds(daemon, template, samples);
        await pools.FillAsync(new PoolSizes { Restored = count }, cancellationToken);
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        samples.Add("idle.daemon_kb_per_waiting", (Processes.ResidentBytes(daemon.Pid) - before) / 1000.0 / count);
        await pools.EmptyAsync(cancellationToken);
        int[] pids = [.. (await clones.StartAsync(count, AtOnce, cancellationToken)).Select(c => c.Clone.Pid)];
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        for (var i = 0; i < windows; i++)
        {
            var (start, cpu, guests) = (Stopwatch.GetTimestamp(), Processes.Cpu(daemon.Pid), Cpu(pids));
            await Task.Delay(Window, TimeProvider.System, cancellationToken);
            var time = Stopwatch.GetElapsedTime(start);
            samples.Add("idle.cpu_percent", 100 * (Processes.Cpu(daemon.Pid) - cpu) / time);
            samples.Add("idle.cpu_percent_per_clone", 100 * (Cpu(pids) - guests) / time / count);
            samples.Add("idle.daemon_kb_per_clone", (Processes.ResidentBytes(daemon.Pid) - before) / 1000.0 / count);
        }

        await daemon.DeleteClonesAsync(cancellationToken);
    }

    private static TimeSpan Cpu(int[] pids) => pids.Aggregate(TimeSpan.Zero, (sum, pid) => sum + Processes.Cpu(pid));
}

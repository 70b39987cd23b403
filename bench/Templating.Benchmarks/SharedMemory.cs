using System.Globalization;

namespace Templating.Benchmarks;

/// <summary>
/// What idle clones cost the machine, by the fall of MemAvailable: the daemon's, the bare driver's of the same template, and the bare
/// driver's without sharing.
/// </summary>
internal sealed class SharedMemory(Daemon daemon, BareDriver bare, GuestTemplate template, CommandLine command, Folders folders, Samples samples)
{
    public const int Step = 10;

    private const int AtOnce = 2;
    private const double MiB = 1 << 20;

    /// <summary>The kernel frees what ended, and guests come to rest.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    /// <summary>What the kind before took is not back at once: of gigabytes of copies the last came most of a minute later.</summary>
    private const int MostRests = 45;

    private const long Settled = 4 << 20;

    /// <summary>In a row: what many processes had comes back in bursts.</summary>
    private const int QuietRests = 5;

    private readonly Clones _clones = new(daemon, template);
    private readonly string _state = Path.Combine(template.FolderIn(folders.Store), "state");

    public async Task RunAsync(int round, int count, CancellationToken cancellationToken)
    {
        Func<Task>[] kinds =
        [
            () => MeasureAsync("clone", count, OursAsync, () => daemon.DeleteClonesAsync(cancellationToken), cancellationToken),
            () => MeasureAsync("bare", count, n => BareAsync(n, ownCopies: false, cancellationToken), () => bare.ReleaseAsync(cancellationToken), cancellationToken),
            () => MeasureAsync("unshared", count, n => BareAsync(n, ownCopies: true, cancellationToken), () => bare.ReleaseAsync(cancellationToken), cancellationToken),
        ];
        for (var i = 0; i < kinds.Length; i++)
        {
            await kinds[(i + round) % kinds.Length]();
        }

        async Task<IEnumerable<int>> OursAsync(int n) => (await _clones.StartAsync(n, AtOnce, cancellationToken)).Select(started => started.Clone.Pid);
    }

    /// <summary>Of a kind's fall with so many clones.</summary>
    public static string Name(string kind, int count) => string.Create(CultureInfo.InvariantCulture, $"shared.{kind}.{count}_mib");

    private async Task MeasureAsync(string kind, int count, Func<int, Task<IEnumerable<int>>> startAsync, Func<Task> endAsync, CancellationToken cancellationToken)
    {
        var before = await SettledAsync(cancellationToken);
        var pids = new List<int>();
        while (pids.Count < count)
        {
            pids.AddRange(await startAsync(Math.Min(Step, count - pids.Count)));
            await Task.Delay(Rest, TimeProvider.System, cancellationToken);
            samples.Add(Name(kind, pids.Count), (before - HostMemory.AvailableBytes()) / MiB);
        }

        samples.Add($"shared.{kind}.all_mib", (before - HostMemory.AvailableBytes()) / MiB);
        samples.AddAll($"shared.{kind}.private_mib", pids.Select(pid => Processes.PrivateBytes(pid) / MiB));
        await endAsync();
    }

    /// <summary>The memory available, once it grows no more.</summary>
    private static async Task<long> SettledAsync(CancellationToken cancellationToken)
    {
        var available = HostMemory.AvailableBytes();
        for (var (rests, quiet) = (0, 0); rests < MostRests && quiet < QuietRests; rests++)
        {
            await Task.Delay(Rest, TimeProvider.System, cancellationToken);
            var before = available;
            available = HostMemory.AvailableBytes();
            quiet = available - before < Settled ? quiet + 1 : 0;
        }

        return available;
    }

    private async Task<IEnumerable<int>> BareAsync(int count, bool ownCopies, CancellationToken cancellationToken) =>
        (await bare.ManyAsync(command, _state, count, AtOnce, ownCopies, cancellationToken)).Pids;
}

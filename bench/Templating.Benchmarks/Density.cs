using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>As many clones as fit, one after another, each until it answers with its own identity; then none of them is left.</summary>
internal sealed class Density(Daemon daemon, GuestTemplate template, Folders folders, Samples samples)
{
    /// <summary>One that starts meets other load than its neighbour: the first and the last of them are so many.</summary>
    private const int Edge = 10;

    private const double MiB = 1 << 20;

    public static IReadOnlyList<Target> Targets(Samples samples) =>
    [
        new("Last clones to first HTTP answer, over the first", 2, AtLeast: false, "x", samples.Median("density.last") / samples.Median("density.first")),
        new("Clones that answered, and again when all ran", 100, AtLeast: true, "%", 100 * samples.Mean("density.answers_again")),
        new("Processes and folders left of them", 0, AtLeast: false, "", samples.Median("density.left")),
    ];

    public async Task RunAsync(int percent, CancellationToken cancellationToken)
    {
        var clones = new Clones(daemon, template);
        // Unrecorded, as everywhere.
        await AnswersAsync(await clones.CreateAsync(WaitFor.Ready, cancellationToken), cancellationToken);
        await daemon.DeleteClonesAsync(cancellationToken);

        var (total, before) = (HostMemory.TotalBytes(), HostMemory.AvailableBytes());
        var running = new List<VmClone>();
        var times = new List<double>();
        while (total - HostMemory.AvailableBytes() < total / 100 * percent)
        {
            var start = Stopwatch.GetTimestamp();
            var clone = await clones.CreateAsync(WaitFor.Ready, cancellationToken);
            await AnswersAsync(clone, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            running.Add(clone);
            samples.Add("density.http", times[^1]);
            samples.Add("density.fall_mib", (before - HostMemory.AvailableBytes()) / MiB);
        }

        if (running.Count < 2 * Edge)
        {
            throw new BenchmarkException($"Only {running.Count} clones fit in {percent} % of the memory; {2 * Edge} are needed for a first and a last {Edge}.");
        }

        samples.Add("density.clones", running.Count);
        samples.AddAll("density.first", times.Take(Edge));
        samples.AddAll("density.last", times.TakeLast(Edge));
        foreach (var clone in running)
        {
            await AnswersAsync(clone, cancellationToken);
            samples.Add("density.answers_again", 1);
        }

        await daemon.DeleteClonesAsync(cancellationToken);
        samples.Add("density.left", running.Count(c => Directory.Exists($"/proc/{c.Pid}")) + Directory.GetFileSystemEntries(Path.Combine(folders.Run, "clones")).Length);
    }

    private static Task AnswersAsync(VmClone clone, CancellationToken cancellationToken) =>
        WebPage.WaitAsync(clone.Network.Forwards[0].HostPort, clone.Id, cancellationToken);
}

using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>Clones of one template over the API.</summary>
internal sealed class Clones(Daemon daemon, GuestTemplate template)
{
    /// <summary>So many, some at once, each until its identity is confirmed.</summary>
    public async Task<(VmClone Clone, double Milliseconds)[]> StartAsync(int count, int atOnce, CancellationToken cancellationToken)
    {
        var clones = new (VmClone, double)[count];
        var limit = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, count, limit, async (i, token) =>
        {
            var start = Stopwatch.GetTimestamp();
            clones[i] = (await CreateAsync(WaitFor.Ready, token), Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        });
        return clones;
    }

    public static IEnumerable<(string Name, TimeSpan Duration)> Phases(VmClone clone) => clone.Phases.Select(p => (p.Name, p.Duration.ToTimeSpan()));

    public async Task<VmClone> CreateAsync(WaitFor waitFor, CancellationToken cancellationToken) => await daemon.Client.Clones.CreateCloneAsync(
        new CreateCloneRequest { Spec = template.NewClone(), WaitFor = waitFor }, cancellationToken: cancellationToken);
}

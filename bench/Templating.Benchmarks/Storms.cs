using System.Diagnostics;
using System.Globalization;

namespace Templating.Benchmarks;

/// <summary>
/// Many clones, some at once, each until its identity is confirmed, by the daemon and by the bare driver in turn; all of a storm live until it is
/// over. A clone that merely runs would have its guest's own work before it, beside the next clone's start.
/// </summary>
internal sealed class Storms(Daemon daemon, BareDriver bare, GuestTemplate template, CommandLine command, Folders folders, Samples samples)
{
    /// <summary>The one with a target.</summary>
    public const int AtOnce = 8;

    /// <summary>Those of the curve.</summary>
    public static IReadOnlyList<int> Levels { get; } = [1, 2, 4, AtOnce, 16];

    private readonly Clones _clones = new(daemon, template);
    private readonly string _state = Path.Combine(template.FolderIn(folders.Store), "state");

    public async Task RunAsync(int round, int count, int atOnce, CancellationToken cancellationToken)
    {
        Func<int, int, CancellationToken, Task>[] steps = [OursAsync, BareAsync];
        foreach (var step in round % 2 == 0 ? steps : steps.Reverse())
        {
            await step(count, atOnce, cancellationToken);
        }
    }

    /// <summary>Of a side's samples at so many at once.</summary>
    public static string Name(string side, int atOnce, string figure) => string.Create(CultureInfo.InvariantCulture, $"storm.{side}.{atOnce}.{figure}");

    private async Task OursAsync(int count, int atOnce, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clones = await _clones.StartAsync(count, atOnce, cancellationToken);
        Add("clone", atOnce, count, Stopwatch.GetElapsedTime(start).TotalMilliseconds, clones.Select(c => c.Milliseconds));
        await daemon.DeleteClonesAsync(cancellationToken);
    }

    private async Task BareAsync(int count, int atOnce, CancellationToken cancellationToken)
    {
        var clones = await bare.ManyAsync(command, _state, count, atOnce, ownCopies: false, cancellationToken);
        Add("bare", atOnce, count, clones.Total, clones.Each);
        await bare.ReleaseAsync(cancellationToken);
    }

    private void Add(string side, int atOnce, int count, double total, IEnumerable<double> each)
    {
        samples.Add(Name(side, atOnce, "total"), total);
        samples.Add(Name(side, atOnce, "per_second"), count / (total / 1000));
        samples.AddAll(Name(side, atOnce, "each"), each);
    }
}

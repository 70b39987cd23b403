using System.Collections.Concurrent;
using Templating.Contract;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>
/// How long the phases of a VMClone's start took, as this process saw them: creation times are whole seconds, a warm start
/// is less than one. A start that began under another process has only the phases that were seen.
/// </summary>
internal sealed class CloneClock(TimeProvider time)
{
    /// <summary>A creation time is cut to the second, and clocks differ a little.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<ObjectKey, Beginning> _starts = new();

    public void Start(ObjectKey key, VMClone clone) => _starts.AddOrUpdate(
        key,
        _ => Begin(clone),
        (_, old) => old.Uid == clone.Metadata.Uid ? old : Begin(clone));

    /// <summary>For a VM that is made in the place of one that ended.</summary>
    public void Restart(ObjectKey key, string uid) => _starts[key] = new Beginning(uid, time.Steady(), []);

    public void Forget(ObjectKey key) => _starts.TryRemove(key, out _);

    /// <summary>The first time counts; later ones are looks at the same.</summary>
    public void Mark(ObjectKey key, string phase)
    {
        if (_starts.TryGetValue(key, out var start))
        {
            lock (start.Marks)
            {
                if (!start.Marks.Exists(m => m.Phase == phase))
                {
                    start.Marks.Add((phase, time.Steady()));
                }
            }
        }
    }

    /// <summary>From the creation to the last mark, and what each phase took of it.</summary>
    public (double Seconds, List<VMPhaseTime> Phases)? Times(ObjectKey key)
    {
        if (!_starts.TryGetValue(key, out var start))
        {
            return null;
        }

        lock (start.Marks)
        {
            var phases = new List<VMPhaseTime>();
            var before = start.At;
            foreach (var (phase, at) in start.Marks)
            {
                phases.Add(new VMPhaseTime { Name = phase, Seconds = Seconds(before, at) });
                before = at;
            }

            return (Seconds(start.At, before), phases);
        }
    }

    private Beginning Begin(VMClone clone)
    {
        var now = time.GetUtcNow();
        var created = clone.Metadata.CreationTimestamp is { } at ? new DateTimeOffset(at.ToUniversalTime()) : now;
        return new Beginning(clone.Metadata.Uid, time.Steady() - (now - created is var age && age < Fresh ? TimeSpan.Zero : age), []);
    }

    private static double Seconds(TimeSpan from, TimeSpan to) => Math.Round(Math.Max((to - from).TotalSeconds, 0), 3);

    private sealed record Beginning(string Uid, TimeSpan At, List<(string Phase, TimeSpan At)> Marks);
}

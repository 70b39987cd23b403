using System.Collections.Concurrent;

namespace Templating.Kubectl.Load.Samples;

/// <summary>All that a run has made and seen, by one clock.</summary>
internal sealed class Ledger(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly ConcurrentDictionary<(bool IsPod, string Namespace, string Name), Tracked> _all = new();
    private readonly ConcurrentQueue<PoolLevel> _pools = new();
    private readonly ConcurrentQueue<OperatorLevel> _operator = new();

    private readonly ConcurrentDictionary<string, string> _examples = new(StringComparer.Ordinal);

    /// <summary>Since the run began.</summary>
    public TimeSpan Now => time.GetElapsedTime(_began);

    public IReadOnlyList<PoolLevel> Pools => [.. _pools];

    public IReadOnlyList<OperatorLevel> Operator => [.. _operator];

    /// <summary>In the order in which they were asked for.</summary>
    public IReadOnlyList<Sample> Samples => [.. _all.Values.Select(t => t.ToSample()).OrderBy(s => s.Offered).ThenBy(s => s.Name, StringComparer.Ordinal)];

    public void Add(Tracked tracked) => _all[(tracked.Subject.IsPod, tracked.Namespace, tracked.Name)] = tracked;

    public Tracked? Find(bool isPod, string @namespace, string name) => _all.GetValueOrDefault((isPod, @namespace, name));

    public IEnumerable<Tracked> Of(bool isPod, string @namespace) =>
        _all.Where(one => one.Key.IsPod == isPod && one.Key.Namespace == @namespace).Select(one => one.Value);

    /// <summary>What was said with the first failure of each reason that alone does not say why.</summary>
    public IReadOnlyDictionary<string, string> Examples => _examples;

    public void Explain(string reason, string said) => _examples.TryAdd(reason, said);

    public void Add(PoolLevel level) => _pools.Enqueue(level);

    public void Add(OperatorLevel level) => _operator.Enqueue(level);
}

/// <summary>A VMPool at one moment, as its status told it.</summary>
/// <param name="At">Seconds since the run began.</param>
/// <param name="Pool">NAMESPACE/NAME.</param>
/// <param name="Wanted">VMs that are to wait.</param>
/// <param name="Waiting">That can be claimed now.</param>
/// <param name="Starting">That are being scheduled or started.</param>
/// <param name="Claimed">That VMClones have.</param>
internal sealed record PoolLevel(double At, string Pool, int Wanted, int Waiting, int Starting, int Claimed);

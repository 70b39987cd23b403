using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Operator.Cluster;

namespace Templating.Operator.Telemetry;

/// <summary>
/// The series that a VMPool has of its own, for whoever sets its replicas. Passes over pools and VMClones tell of them, so only
/// the leader has any. All are read when somebody looks: those of a deleted pool are gone then. Names are in docs/telemetry.md.
/// </summary>
internal sealed class PoolMetrics
{
    public const string MeterName = "Templating.Operator.Pools";

    /// <summary>What the names of instruments with a pool's labels begin with.</summary>
    public const string Prefix = "templating.operator.pool.";

    /// <summary>
    /// Sets of labels that the exporter takes of an instrument in a process's life, pools that are gone included: it gives no place
    /// back. Two of a pool in the largest one.
    /// </summary>
    public const int MaxSeries = 10 * PoolMetricsOptions.MaxLimit;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Counts> _pools = [];
    private readonly TimeProvider _time;
    private readonly int _limit;

    /// <summary>Those that have series; null until somebody looks.</summary>
    private List<Counts>? _measured;

    public PoolMetrics(IMeterFactory factory, IOptions<PoolMetricsOptions> options, TimeProvider time)
    {
        (_time, _limit) = (time, options.Value.Limit);
        var meter = factory.Create(MeterName);
        meter.CreateObservableGauge<int>(Prefix + "waiting", () => Read<int>(pool => [pool.Measure(pool.Waiting)]), "{vm}", "VMs that wait in a VMPool.");
        meter.CreateObservableGauge<int>(Prefix + "wanted", () => Read<int>(pool => [pool.Measure(pool.Wanted)]), "{vm}", "VMs that are to wait in a VMPool.");
        meter.CreateObservableCounter<long>(
            Prefix + "claims",
            () => Read<long>(pool => [pool.Measure(pool.Found, "true"), pool.Measure(pool.NotFound, "false")]),
            "{clone}", "VMClones that asked a VMPool for a VM, by whether one waited.");
        meter.CreateObservableCounter<double>(
            Prefix + "empty", () => Read<double>(pool => [pool.Measure(pool.EmptyUntil(_time.Steady()).TotalSeconds)]),
            "s", "Time in which no VM waited in a VMPool, though some should have.");
        meter.CreateObservableGauge("templating.operator.pools.unmeasured", Unmeasured, "{pool}", "VMPools without series of their own.");
    }

    /// <summary>What a pass over a pool saw.</summary>
    /// <param name="key">Of the pool.</param>
    /// <param name="created">When it was; of two pools the older one has series.</param>
    /// <param name="waiting">VMs that wait in it.</param>
    /// <param name="wanted">VMs that should.</param>
    public void Looked(ObjectKey key, DateTime? created, int waiting, int wanted)
    {
        lock (_lock)
        {
            if (!_pools.TryGetValue(key, out var pool))
            {
                _pools[key] = pool = new Counts(key, created ?? DateTime.MaxValue);
                _measured = null;
            }

            var now = _time.Steady();
            (pool.Waiting, pool.Wanted) = (waiting, wanted);
            pool.Empty = pool.EmptyUntil(now);
            pool.EmptySince = waiting == 0 && wanted > 0 ? now : null;
        }
    }

    /// <summary>A VMClone got its VM from the pool, or had one made because none waited. Of a pool that is gone nothing is counted.</summary>
    public void Claimed(ObjectKey key, bool found)
    {
        lock (_lock)
        {
            if (!_pools.TryGetValue(key, out var pool))
            {
                return;
            }

            if (found)
            {
                pool.Found++;
            }
            else
            {
                pool.NotFound++;
            }
        }
    }

    /// <summary>The pool is gone.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_lock)
        {
            if (_pools.Remove(key))
            {
                _measured = null;
            }
        }
    }

    /// <summary>The oldest, so that a new pool takes nobody's series, and another leader comes to the same ones.</summary>
    private List<Measurement<T>> Read<T>(Func<Counts, IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        lock (_lock)
        {
            _measured ??= [.. _pools.Values.OrderBy(p => p.Created).ThenBy(p => p.Key.ToString(), StringComparer.Ordinal).Take(_limit)];
            return [.. _measured.SelectMany(read)];
        }
    }

    private int Unmeasured()
    {
        lock (_lock)
        {
            return Math.Max(_pools.Count - _limit, 0);
        }
    }

    private sealed class Counts(ObjectKey key, DateTime created)
    {
        public ObjectKey Key { get; } = key;

        public DateTime Created { get; } = created;

        public int Waiting { get; set; }

        public int Wanted { get; set; }

        public long Found { get; set; }

        public long NotFound { get; set; }

        /// <summary>Until the last look.</summary>
        public TimeSpan Empty { get; set; }

        /// <summary>Null where it is not.</summary>
        public TimeSpan? EmptySince { get; set; }

        public TimeSpan EmptyUntil(TimeSpan now) => Empty + (now - EmptySince ?? TimeSpan.Zero);

        public Measurement<T> Measure<T>(T value)
            where T : struct => new(value, new("namespace", Key.Namespace), new("pool", Key.Name));

        public Measurement<T> Measure<T>(T value, string found)
            where T : struct => new(value, new("namespace", Key.Namespace), new("pool", Key.Name), new("found", found));
    }
}

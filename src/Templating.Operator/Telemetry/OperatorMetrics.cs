using System.Diagnostics.Metrics;

namespace Templating.Operator.Telemetry;

/// <summary>The operator's own work. Labels are bounded: controllers, outcomes, warm or cold. Names are in docs/telemetry.md.</summary>
internal sealed class OperatorMetrics
{
    public const string MeterName = "Templating.Operator";

    private static readonly string[] Controllers = ["template", "pool", "clone", "node", "orphan"];

    // A warm claim is tens of milliseconds, a reconcile that changes nothing less than one, a build minutes.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
    };

    private readonly UpDownCounter<long> _depth;
    private readonly Histogram<double> _waited;
    private readonly Histogram<double> _reconciled;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _claims;
    private readonly Counter<long> _claimed;
    private readonly Histogram<double> _builds;
    private readonly Counter<long> _built;
    private readonly Meter _meter;
    private int _isLeader;

    public OperatorMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _meter = meter;
        _depth = meter.CreateUpDownCounter<long>("templating.operator.queue.depth", "{key}", "Keys that wait for a worker, by controller.");
        _waited = meter.CreateHistogram("templating.operator.queue.duration", "s", "How long a key waited for a worker.", null, Seconds);
        _reconciled = meter.CreateHistogram("templating.operator.reconcile.duration", "s", "Reconciles, by controller and outcome.", null, Seconds);
        _retries = meter.CreateCounter<long>("templating.operator.retries", "{retry}", "Reconciles to be done again with backoff, by controller.");
        _claims = meter.CreateHistogram("templating.operator.claim.duration", "s", "VMClone created to ready, by start (warm, cold).", null, Seconds);
        _claimed = meter.CreateCounter<long>("templating.operator.claims", "{clone}", "VMClones that became ready, by start and by what they named (pool, template).");
        _built = meter.CreateCounter<long>("templating.operator.builds", "{build}", "Builds of a template on a node that ended, by outcome.");
        _builds = meter.CreateHistogram("templating.operator.build.duration", "s", "Builds of a template on a node, by outcome.", null, Seconds);
        meter.CreateObservableGauge("templating.operator.leader", () => Volatile.Read(ref _isLeader), "{leader}", "1 where this process is the leader.");
    }

    public bool IsLeading => Volatile.Read(ref _isLeader) == 1;

    /// <summary>
    /// Begins the series with zero. Who counts by a difference does not see the first of a series that is born with one. Once,
    /// when somebody listens.
    /// </summary>
    public void Begin()
    {
        foreach (var controller in Controllers)
        {
            QueueDepth(controller, 0);
            _retries.Add(0, new KeyValuePair<string, object?>("controller", controller));
        }

        foreach (var outcome in (string[])["ok", "failed", "cancelled"])
        {
            _built.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        }

        CountClaim(0, isWarm: true, fromPool: true);
        CountClaim(0, isWarm: false, fromPool: true);
        CountClaim(0, isWarm: false, fromPool: false);
    }

    /// <summary>How many objects are in each state, when someone looks. Zeros where another process leads.</summary>
    /// <param name="name">Of the instrument.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="description">For people.</param>
    /// <param name="states">All there are.</param>
    /// <param name="read">The state of each object.</param>
    public void ObserveStates(string name, string unit, string description, IReadOnlyList<string> states, Func<IEnumerable<string>> read) =>
        _meter.CreateObservableGauge(
            name,
            () =>
            {
                var counts = IsLeading ? read().CountBy(state => state).ToDictionary() : [];
                return states.Select(state => new Measurement<int>(counts.GetValueOrDefault(state), new KeyValuePair<string, object?>("state", state)));
            },
            unit,
            description);

    /// <summary>Seconds, when someone looks; absent while there is nothing to tell.</summary>
    public void ObserveSeconds(string name, string description, Func<TimeSpan?> read) => _meter.CreateObservableGauge(
        name, () => read() is { } time ? [new Measurement<double>(time.TotalSeconds)] : Enumerable.Empty<Measurement<double>>(), "s", description);

    public void QueueDepth(string controller, int change) => _depth.Add(change, new KeyValuePair<string, object?>("controller", controller));

    public void Waited(string controller, TimeSpan time) => _waited.Record(time.TotalSeconds, new KeyValuePair<string, object?>("controller", controller));

    /// <param name="outcome">done, requeued, terminal, conflict, unavailable, error or cancelled.</param>
    public void Reconciled(string controller, string outcome, TimeSpan time) => _reconciled.Record(
        time.TotalSeconds, new KeyValuePair<string, object?>("controller", controller), new("outcome", outcome));

    public void Retried(string controller) => _retries.Add(1, new KeyValuePair<string, object?>("controller", controller));

    /// <summary>A VMClone became ready, so long after it was created.</summary>
    /// <param name="time">Since it was created.</param>
    /// <param name="warm">Whether it got a VM that waited.</param>
    /// <param name="fromPool">Whether it named a pool: only then could it have got one.</param>
    public void Claim(TimeSpan time, bool warm, bool fromPool)
    {
        _claims.Record(time.TotalSeconds, new KeyValuePair<string, object?>("start", Start(warm)));
        CountClaim(1, warm, fromPool);
    }

    /// <param name="outcome">ok, failed or cancelled.</param>
    public void Built(TimeSpan time, string outcome)
    {
        _builds.Record(time.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        _built.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
    }

    public void Leading(bool isLeader) => Volatile.Write(ref _isLeader, isLeader ? 1 : 0);

    private static string Start(bool warm) => warm ? "warm" : "cold";

    private void CountClaim(int times, bool isWarm, bool fromPool) => _claimed.Add(
        times, new KeyValuePair<string, object?>("start", Start(isWarm)), new("from", fromPool ? "pool" : "template"));
}

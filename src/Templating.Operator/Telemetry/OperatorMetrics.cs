using System.Diagnostics.Metrics;

namespace Templating.Operator.Telemetry;

/// <summary>The operator's own work. Labels are bounded: controllers, outcomes, warm or cold. Names are in docs/telemetry.md.</summary>
internal sealed class OperatorMetrics
{
    public const string MeterName = "Templating.Operator";

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
    private readonly Histogram<double> _builds;
    private int _isLeader;

    public OperatorMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _depth = meter.CreateUpDownCounter<long>("templating.operator.queue.depth", "{key}", "Keys that wait for a worker, by controller.");
        _waited = meter.CreateHistogram("templating.operator.queue.duration", "s", "How long a key waited for a worker.", null, Seconds);
        _reconciled = meter.CreateHistogram("templating.operator.reconcile.duration", "s", "Reconciles, by controller and outcome.", null, Seconds);
        _retries = meter.CreateCounter<long>("templating.operator.retries", "{retry}", "Reconciles to be done again with backoff, by controller.");
        _claims = meter.CreateHistogram("templating.operator.claim.duration", "s", "VMClone created to ready, by start (warm, cold).", null, Seconds);
        _builds = meter.CreateHistogram("templating.operator.build.duration", "s", "Builds of a template on a node, by outcome.", null, Seconds);
        meter.CreateObservableGauge("templating.operator.leader", () => Volatile.Read(ref _isLeader), "{leader}", "1 where this process is the leader.");
    }

    public void QueueDepth(string controller, int change) => _depth.Add(change, new KeyValuePair<string, object?>("controller", controller));

    public void Waited(string controller, TimeSpan time) => _waited.Record(time.TotalSeconds, new KeyValuePair<string, object?>("controller", controller));

    /// <param name="outcome">done, requeued, terminal, conflict, unavailable, error or cancelled.</param>
    public void Reconciled(string controller, string outcome, TimeSpan time) => _reconciled.Record(
        time.TotalSeconds, new KeyValuePair<string, object?>("controller", controller), new("outcome", outcome));

    public void Retried(string controller) => _retries.Add(1, new KeyValuePair<string, object?>("controller", controller));

    /// <summary>A VMClone became ready, so long after it was created.</summary>
    public void Claim(TimeSpan time, bool warm) => _claims.Record(
        time.TotalSeconds, new KeyValuePair<string, object?>("start", warm ? "warm" : "cold"));

    /// <param name="outcome">ok, failed or cancelled.</param>
    public void Built(TimeSpan time, string outcome) => _builds.Record(time.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));

    public void Leading(bool isLeader) => Volatile.Write(ref _isLeader, isLeader ? 1 : 0);
}

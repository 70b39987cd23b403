using System.Diagnostics.Metrics;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>Every instrument of the node. Labels are bounded: states, phases, outcomes and error codes, never names or ids.</summary>
public sealed class TemplatingMetrics
{
    /// <summary>
    /// Seconds. From 1 ms because a restore takes a few of them; to 120 s because a template's boot without KVM takes
    /// tens of seconds.
    /// </summary>
    public static readonly IReadOnlyList<double> DurationBuckets =
        [0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    private readonly Histogram<double> _clonePhase;
    private readonly Histogram<double> _cloneStart;
    private readonly Histogram<double> _buildPhase;
    private readonly Histogram<double> _build;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _ended;
    private readonly Meter _meter;

    public TemplatingMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(TemplatingTelemetry.MeterName);
        _clonePhase = Seconds("templating.clone.phase.duration", "Time of one phase of a clone's start.");
        _cloneStart = Seconds("templating.clone.start.duration", "Time from a clone's admission to ready.");
        _buildPhase = Seconds("templating.template.build.phase.duration", "Time of one phase of a template's build.");
        _build = Seconds("templating.template.build.duration", "Time of a template's build.");
        _refusals = _meter.CreateCounter<long>("templating.refusals", "{request}", "Requests refused or failed, by error code.");
        _ended = _meter.CreateCounter<long>("templating.clones.ended", "{clone}", "Clones whose VM ended, by whether it was asked for.");
    }

    public void ClonePhase(string phase, TimeSpan duration, bool ok) => _clonePhase.Record(
        duration.TotalSeconds, new("phase", phase), new("outcome", Outcome(ok)));

    public void CloneStart(TimeSpan duration, bool ok) =>
        _cloneStart.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Outcome(ok)));

    public void BuildPhase(string phase, TimeSpan duration, bool ok) => _buildPhase.Record(
        duration.TotalSeconds, new("phase", phase), new("outcome", Outcome(ok)));

    public void Build(TimeSpan duration, bool ok) =>
        _build.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Outcome(ok)));

    public void Refused(ErrorCode code) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", ErrorReasons.Of(code)));

    public void CloneEnded(bool expected) =>
        _ended.Add(1, new KeyValuePair<string, object?>("expected", expected ? "true" : "false"));

    /// <summary>A gauge read when someone looks: how many objects are in each state.</summary>
    public void ObserveStates(string name, string unit, string description, Func<IEnumerable<KeyValuePair<string, int>>> read) =>
        _meter.CreateObservableGauge(
            name,
            () => read().Select(s => new Measurement<int>(s.Value, new KeyValuePair<string, object?>("state", s.Key))),
            unit,
            description);

    /// <summary>A gauge of bytes read when someone looks.</summary>
    public void ObserveBytes(string name, string description, Func<long> read) =>
        _meter.CreateObservableGauge(name, read, "By", description);

    private static string Outcome(bool ok) => ok ? "ok" : "error";

    private Histogram<double> Seconds(string name, string description) =>
        _meter.CreateHistogram(
            name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
}

using System.Diagnostics.Metrics;
using Templating.Core.Errors;

namespace Templating.Core.Diagnostics;

/// <summary>
/// Every instrument of the node. Labels are bounded: owners, states, phases, outcomes and error codes, never names or ids. VM pods
/// feed the same ones as the node's own clones.
/// </summary>
public sealed class TemplatingMetrics
{
    /// <summary>
    /// Seconds. From 1 ms because a restore takes a few of them; to 120 s because a template's boot without KVM takes
    /// tens of seconds.
    /// </summary>
    public static readonly IReadOnlyList<double> DurationBuckets =
        [0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    /// <summary>As what VMs end that nobody asked to; others are possible, and rare.</summary>
    private static readonly ErrorCode[] Deaths =
    [
        ErrorCode.QemuExited, ErrorCode.QmpFailed, ErrorCode.GuestStopped, ErrorCode.GuestAgentFailed, ErrorCode.IdentityNotConfirmed,
        ErrorCode.IsolationViolated, ErrorCode.PodUnavailable, ErrorCode.Internal,
    ];

    private readonly Histogram<double> _clonePhase;
    private readonly Histogram<double> _cloneStart;
    private readonly Histogram<double> _buildPhase;
    private readonly Histogram<double> _build;
    private readonly Histogram<double> _imageBuild;
    private readonly Counter<long> _imagesFound;
    private readonly Histogram<double> _blankStart;
    private readonly Counter<long> _blanksWanted;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _readAhead;
    private readonly Counter<long> _poolTakes;
    private readonly Counter<long> _poolLosses;
    private readonly Histogram<double> _poolRefill;
    private readonly StateGauge _clones;
    private readonly StateGauge _templates;
    private readonly Meter _meter;

    public TemplatingMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(TemplatingTelemetry.MeterName);
        _clonePhase = Seconds("templating.clone.phase.duration", "Time of one phase of a clone's start.");
        _cloneStart = Seconds("templating.clone.start.duration", "Time from a clone's admission to ready.");
        _buildPhase = Seconds("templating.template.build.phase.duration", "Time of one phase of a template's build.");
        _build = Seconds("templating.template.build.duration", "Time of a template's build.");
        _imageBuild = Seconds("templating.image.build.duration", "Time of making an image for plugging.");
        _imagesFound = _meter.CreateCounter<long>("templating.images.found", "{request}", "Images asked for that were there already.");
        _blankStart = Seconds("templating.blank.start.duration", "Time of starting a VM that waits for its template.");
        _blanksWanted = _meter.CreateCounter<long>("templating.blanks.wanted", "{vm}", "Starts of VMs for which one might have waited, by whether one did.");
        _refusals = _meter.CreateCounter<long>("templating.refusals", "{request}", "Requests refused or failed, by error code.");
        _ended = _meter.CreateCounter<long>(
            "templating.clones.ended", "{clone}", "Clones whose VM ended, by whether it was asked for, and else by error code.");
        _readAhead = _meter.CreateCounter<long>(
            "templating.template.read_ahead", "By", "Bytes of templates read ahead for starts, where the page cache had lost what clones use first.");
        _poolTakes = _meter.CreateCounter<long>("templating.pool.takes", "{clone}", "Clones that a pool could serve, by what they went on from.");
        _poolLosses = _meter.CreateCounter<long>("templating.pool.losses", "{vm}", "VMs that ended while they waited in a pool, and nobody had asked for that.");
        _poolRefill = Seconds("templating.pool.refill.duration", "Time of the start of a VM for a pool.");
        _clones = new StateGauge(_meter, "templating.clones", "{clone}", "Clones on the node, by owner and state.");
        _templates = new StateGauge(_meter, "templating.templates", "{revision}", "Template revisions on the node, by state.");
    }

    /// <summary>
    /// Begins the counters' series with zero. Who counts by a difference does not see the first of a series that is born with
    /// one. Once, when somebody listens.
    /// </summary>
    public void Begin()
    {
        ImageFound(times: 0);
        BlankTaken(found: true, times: 0);
        BlankTaken(found: false, times: 0);
        PoolLost(times: 0);
        ReadAhead(bytes: 0);
        foreach (var from in PoolKinds.Append(PoolMiss))
        {
            PoolTake(from, times: 0);
        }

        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            Refused(code, times: 0);
        }

        foreach (var owner in Enum.GetValues<VmOwner>())
        {
            CloneEnded(owner, failure: null, limit: null, times: 0);
            foreach (var code in Deaths)
            {
                CloneEnded(owner, code, limit: null, times: 0);
            }
        }

        foreach (var limit in Enum.GetValues<LifetimeLimit>())
        {
            CloneEnded(VmOwner.Clone, failure: null, limit, times: 0);
        }
    }

    public void ClonePhase(VmOwner owner, string phase, TimeSpan duration, bool ok) => _clonePhase.Record(
        duration.TotalSeconds, new("owner", Label(owner)), new("phase", phase), new("outcome", Outcome(ok)));

    /// <param name="owner">Whose it is.</param>
    /// <param name="warm">Whether it went on from a VM that waited for it.</param>
    /// <param name="duration">To ready, or to the failure.</param>
    /// <param name="ok">Whether it is ready.</param>
    public void CloneStart(VmOwner owner, bool warm, TimeSpan duration, bool ok) => _cloneStart.Record(
        duration.TotalSeconds, new("owner", Label(owner)), new("start", warm ? "warm" : "cold"), new("outcome", Outcome(ok)));

    /// <summary>How far the VMs of a pool come, and no further.</summary>
    internal static readonly string[] PoolKinds = ["restored", "prepared"];

    /// <summary>A clone that found none.</summary>
    internal const string PoolMiss = "none";

    /// <param name="from">One of <see cref="PoolKinds"/>, or <see cref="PoolMiss"/>.</param>
    /// <param name="times">For <see cref="Begin"/>.</param>
    internal void PoolTake(string from, int times = 1) => _poolTakes.Add(times, new KeyValuePair<string, object?>("from", from));

    internal void ReadAhead(long bytes) => _readAhead.Add(bytes);

    internal void PoolLost(int times = 1) => _poolLosses.Add(times);

    internal void PoolRefill(string kind, TimeSpan duration, bool ok) =>
        _poolRefill.Record(duration.TotalSeconds, new("kind", kind), new("outcome", Outcome(ok)));

    /// <summary>VMs of all pools, by kind, counted when someone looks.</summary>
    internal void ObservePools(string name, string description, Func<IReadOnlyDictionary<string, int>> read) => _meter.CreateObservableGauge(
        name, () => read().Select(count => new Measurement<int>(count.Value, new KeyValuePair<string, object?>("kind", count.Key))), "{vm}", description);

    public void BuildPhase(string phase, TimeSpan duration, bool ok) => _buildPhase.Record(
        duration.TotalSeconds, new("phase", phase), new("outcome", Outcome(ok)));

    public void Build(TimeSpan duration, bool ok) =>
        _build.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Outcome(ok)));

    public void ImageBuild(TimeSpan duration, bool ok) =>
        _imageBuild.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", Outcome(ok)));

    public void ImageFound(int times = 1) => _imagesFound.Add(times);

    public void BlankMade(TimeSpan duration) => _blankStart.Record(duration.TotalSeconds);

    /// <param name="found">Whether one waited.</param>
    /// <param name="times">For <see cref="Begin"/>.</param>
    public void BlankTaken(bool found, int times = 1) =>
        _blanksWanted.Add(times, new KeyValuePair<string, object?>("found", found ? "true" : "false"));

    /// <summary>Counts those that wait when someone looks.</summary>
    public void ObserveBlanks(Func<int> read) =>
        _meter.CreateObservableGauge("templating.blanks", read, "{vm}", "VMs that wait for their template.");

    public void Refused(ErrorCode code, int times = 1) =>
        _refusals.Add(times, new KeyValuePair<string, object?>("reason", ErrorReasons.Of(code)));

    /// <param name="owner">Whose it was.</param>
    /// <param name="failure">Null where somebody asked for it: its owner or its guest.</param>
    /// <param name="limit">What of its lifetime was over; null where that did not end it.</param>
    /// <param name="times">For <see cref="Begin"/>.</param>
    public void CloneEnded(VmOwner owner, ErrorCode? failure, LifetimeLimit? limit = null, int times = 1) => _ended.Add(
        times, new("owner", Label(owner)), new("expected", failure is null ? "true" : "false"),
        new("reason", failure is { } code ? ErrorReasons.Of(code) : Label(limit)));

    /// <summary>Counts the clones of one owner when someone looks.</summary>
    public void ObserveClones<TState>(VmOwner owner, IReadOnlyList<TState> states, Func<IEnumerable<TState>> read)
        where TState : struct, Enum => _clones.Add(states, read, new KeyValuePair<string, object?>("owner", Label(owner)));

    /// <summary>Counts the template revisions when someone looks.</summary>
    public void ObserveTemplates<TState>(Func<IEnumerable<TState>> read)
        where TState : struct, Enum => _templates.Add(Enum.GetValues<TState>(), read);

    /// <summary>A gauge of bytes read when someone looks.</summary>
    public void ObserveBytes(string name, string description, Func<long> read) =>
        _meter.CreateObservableGauge(name, read, "By", description);

    /// <summary>A gauge of bytes, by owner, read when someone looks.</summary>
    public void ObserveBytes(string name, string description, IReadOnlyDictionary<VmOwner, Func<long>> reads) =>
        _meter.CreateObservableGauge(
            name,
            () => reads.Select(read => new Measurement<long>(read.Value(), new KeyValuePair<string, object?>("owner", Label(read.Key)))),
            "By",
            description);

    /// <summary>A gauge of seconds read when someone looks; absent while there is nothing to tell.</summary>
    public void ObserveSeconds(string name, string description, Func<TimeSpan?> read) =>
        _meter.CreateObservableGauge(
            name, () => read() is { } time ? [new Measurement<double>(time.TotalSeconds)] : Enumerable.Empty<Measurement<double>>(), "s", description);

    private static string Outcome(bool ok) => ok ? "ok" : "error";

    private static string Label(LifetimeLimit? limit) => limit switch
    {
        null => "",
        LifetimeLimit.Ttl => "TTL",
        LifetimeLimit.ExpireTime => "EXPIRE_TIME",
        LifetimeLimit.IdleLimit => "IDLE_LIMIT",
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, message: null),
    };

    private static string Label(VmOwner owner) => owner == VmOwner.Pod ? "pod" : "clone";

    private Histogram<double> Seconds(string name, string description) =>
        _meter.CreateHistogram(
            name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });
}

using System.Diagnostics.Metrics;

namespace Templating.Operator.Cluster;

/// <summary>What the operator does to the API server. Names are in docs/telemetry.md.</summary>
internal sealed class ClusterMetrics
{
    public const string MeterName = "Templating.Operator.Cluster";

    private readonly Counter<long> _writes;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _relists;
    private readonly Counter<long> _watchFailures;
    private readonly Counter<long> _lostEvents;

    public ClusterMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _writes = meter.CreateCounter<long>("templating.operator.writes", "{request}", "Writes to the API server, by verb, resource and outcome.");
        _conflicts = meter.CreateCounter<long>("templating.operator.conflicts", "{request}", "Writes refused because somebody else was first.");
        _relists = meter.CreateCounter<long>("templating.operator.relists", "{list}", "Lists made anew because the server's history was compacted.");
        _watchFailures = meter.CreateCounter<long>("templating.operator.watch.failures", "{failure}", "Lists and watches that failed, by kind.");
        _lostEvents = meter.CreateCounter<long>("templating.operator.events.lost", "{event}", "Kubernetes Events that could not be recorded.");
    }

    public void Wrote(string verb, string resource, string outcome) => _writes.Add(
        1, new KeyValuePair<string, object?>("verb", verb), new("resource", resource), new("outcome", outcome));

    public void Conflicted(string resource) => _conflicts.Add(1, new KeyValuePair<string, object?>("resource", resource));

    public void Relisted(string kind) => _relists.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void WatchFailed(string kind) => _watchFailures.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void LostEvent() => _lostEvents.Add(1);
}

using System.Collections.Concurrent;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Api;

/// <summary>Calls of the API server by verb and kind. Times are until the answer's head: a watch's body is its events.</summary>
internal sealed class CallLog
{
    private readonly ConcurrentDictionary<(string Verb, string Kind), ConcurrentQueue<(bool Refused, double Milliseconds)>> _calls = new();

    public IReadOnlyList<CallSummary> Summaries =>
    [
        .. _calls.OrderBy(c => c.Key.Verb, StringComparer.Ordinal).ThenBy(c => c.Key.Kind, StringComparer.Ordinal).Select(c =>
        {
            var all = c.Value.ToArray();
            double[] sorted = [.. all.Select(call => call.Milliseconds).Order()];
            return new CallSummary(c.Key.Verb, c.Key.Kind, all.Length, all.Count(call => call.Refused), Percentiles.Of(sorted, 0.5), Percentiles.Of(sorted, 0.99));
        }),
    ];

    public void Add(string verb, string kind, bool refused, TimeSpan took) =>
        _calls.GetOrAdd((verb, kind), _ => new()).Enqueue((refused, took.TotalMilliseconds));
}

/// <param name="Verb">As Kubernetes' RBAC calls it.</param>
/// <param name="Kind">The resource's plural.</param>
/// <param name="Count">Calls.</param>
/// <param name="Refused">Of them answered with an error, or not at all.</param>
/// <param name="Median">Milliseconds.</param>
/// <param name="P99">Likewise.</param>
internal sealed record CallSummary(string Verb, string Kind, int Count, int Refused, double Median, double P99);

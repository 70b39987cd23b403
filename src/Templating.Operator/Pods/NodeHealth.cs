using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>
/// Whether a VM pod's node is still there. What is wrong with one counts from when this process saw it: the time in its condition is
/// another machine's clock, and a VM is not given up because two clocks differ. Another operator begins to count anew.
/// </summary>
internal sealed class NodeHealth(ICache<V1Node> nodes, IOptions<PodOptions> options, TimeProvider time)
{
    /// <summary>A pod may be seen before its node is, as they are two watches. A node that is unknown for longer is gone.</summary>
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (DateTime? Transition, TimeSpan Since)> _badSince = new(StringComparer.Ordinal);

    public NodeState Of(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return NodeState.Fine;
        }

        if (nodes.Get(new ObjectKey("", name)) is not { } node)
        {
            var limit = options.Value.NodeLostAfter < GoneAfter ? options.Value.NodeLostAfter : GoneAfter;
            return NodeState.Bad(limit - BadFor(name, transition: null), $"Node '{name}' does not exist any more.");
        }

        var ready = node.Status?.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
        if (ready is null || ready.Status == ConditionStatus.True)
        {
            _badSince.TryRemove(name, out _);
            return NodeState.Fine;
        }

        return NodeState.Bad(
            options.Value.NodeLostAfter - BadFor(name, ready.LastTransitionTime ?? default(DateTime)), $"Node '{name}' is not ready: {ready.Message}");
    }

    /// <param name="transition">Of its condition; null for one that does not exist. Another one is another trouble.</param>
    private TimeSpan BadFor(string name, DateTime? transition)
    {
        var now = time.Steady();
        return now - _badSince.AddOrUpdate(
            name, _ => (transition, now), (_, seen) => seen.Transition == transition ? seen : (transition, now)).Since;
    }
}

/// <param name="LostIn">Null for a node that is fine; zero for one that is lost.</param>
internal readonly record struct NodeState(TimeSpan? LostIn, string Message)
{
    public static NodeState Fine { get; } = new(null, "");

    public bool IsLost => LostIn == TimeSpan.Zero;

    public static NodeState Bad(TimeSpan lostIn, string message) => new(lostIn > TimeSpan.Zero ? lostIn : TimeSpan.Zero, message);
}

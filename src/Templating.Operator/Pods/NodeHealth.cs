using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>Whether a VM pod's node is still there.</summary>
internal sealed class NodeHealth(ICache<V1Node> nodes, IOptions<PodOptions> options, TimeProvider time)
{
    /// <summary>A pod may be seen before its node is, as they are two watches. A node that is unknown for longer is gone.</summary>
    private static readonly TimeSpan GoneAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _missingSince = new(StringComparer.Ordinal);

    public NodeState Of(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return NodeState.Fine;
        }

        var now = time.GetUtcNow();
        if (nodes.Get(new ObjectKey("", name)) is not { } node)
        {
            var limit = options.Value.NodeLostAfter < GoneAfter ? options.Value.NodeLostAfter : GoneAfter;
            return NodeState.Bad(_missingSince.GetOrAdd(name, now) + limit - now, $"Node '{name}' does not exist any more.");
        }

        _missingSince.TryRemove(name, out _);
        var ready = node.Status?.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
        return ready is null || ready.Status == ConditionStatus.True
            ? NodeState.Fine
            : NodeState.Bad(
                (ready.LastTransitionTime is { } since ? new DateTimeOffset(since.ToUniversalTime()) : now) + options.Value.NodeLostAfter - now,
                $"Node '{name}' is not ready: {ready.Message}");
    }
}

/// <param name="LostIn">Null for a node that is fine; zero for one that is lost.</param>
internal readonly record struct NodeState(TimeSpan? LostIn, string Message)
{
    public static NodeState Fine { get; } = new(null, "");

    public bool IsLost => LostIn == TimeSpan.Zero;

    public static NodeState Bad(TimeSpan lostIn, string message) => new(lostIn > TimeSpan.Zero ? lostIn : TimeSpan.Zero, message);
}

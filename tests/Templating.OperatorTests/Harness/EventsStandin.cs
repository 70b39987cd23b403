using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.OperatorTests.Harness;

/// <summary>Keeps what was told.</summary>
internal sealed class EventsStandin : IEvents
{
    public ConcurrentQueue<(string Name, string Reason, string Message)> Told { get; } = new();

    public void Normal(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Told.Enqueue((about.Metadata.Name, reason, message));

    public void Warning(IKubernetesObject<V1ObjectMeta> about, string reason, string message) => Told.Enqueue((about.Metadata.Name, reason, message));
}

using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>VM pods that were put on a node whose daemon has gone: the kubelet waits there for a volume that does not come.</summary>
internal sealed class StrandedPods(DaemonHealth daemons, ICache<V1Node> nodes)
{
    /// <summary>Of the daemon that the pod's volume comes from.</summary>
    public NodeState DaemonOf(V1Pod pod) => daemons.Of(pod.Spec?.NodeName);

    /// <summary>
    /// Whether it is to be made again elsewhere. Only one whose container never ran: there is no VM whose work would be lost, so
    /// nothing is waited for either. And only when the node's label is gone, or the next one would be put there, too.
    /// </summary>
    public bool IsToBeMadeAgain(V1Pod pod) => IsToBeMadeAgain(pod, DaemonOf(pod));

    /// <param name="pod">Of a node.</param>
    /// <param name="daemon">That node's, for who asks for many of its pods.</param>
    public bool IsToBeMadeAgain(V1Pod pod, NodeState daemon) => daemon.IsLost && VmContainer.NeverRan(pod) && !Attracts(pod);

    private bool Attracts(V1Pod pod) => pod.Label(Keys.TemplateLabel) is { } template
        && nodes.Get(new ObjectKey("", pod.Spec.NodeName))?.Metadata.Labels is { } labels
        && labels.TryGetValue(Keys.NodeLabel(pod.Metadata.NamespaceProperty, template), out var revision) && revision == pod.Label(Keys.RevisionLabel);
}

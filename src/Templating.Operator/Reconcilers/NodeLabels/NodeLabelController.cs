using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers.NodeLabels;

internal static class NodeLabelController
{
    public static Controller Create(NodeLabelReconciler reconciler, INodeDirectory directory, ICache<V1Node> nodes, Refusals refusals) => new(
        new ToldNodeLabels(reconciler, nodes, refusals),
        [
            new ObjectTrigger<V1Node>(node => [ObjectKey.Of(node)]),
            new ObjectTrigger<V1CSINode>(csi => [ObjectKey.Of(csi)]),
            new ObjectTrigger<VMTemplate>(_ => directory.All.Select(node => new ObjectKey("", node.Name))),
            new NodeTrigger(change => change.Pod is null ? [new ObjectKey("", change.Node)] : []),
        ],
        Concurrency: 4);
}

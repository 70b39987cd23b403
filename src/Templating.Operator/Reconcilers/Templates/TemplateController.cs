using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

internal static class TemplateController
{
    public static Controller Create(TemplateReconciler reconciler, ICache<VMTemplate> templates) => new(
        reconciler,
        [
            new ObjectTrigger<VMTemplate>(template => [ObjectKey.Of(template)]),
            // A node that came, went, or has other labels.
            new ObjectTrigger<V1Node>(_ => All(templates)),
            new ObjectTrigger<V1CSINode>(_ => All(templates)),
            // A user that ended may be what a deletion waits for.
            new ObjectTrigger<V1Pod>(pod => IfDeleting(templates, pod.Metadata.NamespaceProperty, pod.Label(Keys.TemplateLabel))),
            new ObjectTrigger<VMClone>(clone => IfDeleting(templates, clone.Metadata.NamespaceProperty, clone.Spec.Template)),
            new NodeTrigger(change => change switch
            {
                { Template: { } file } => Templates.NodeFiles.OwnerOf(file) is { } owner ? [owner] : [],
                { Pod: null } => All(templates),
                _ => [],
            }),
        ],
        Concurrency: 8);

    private static IEnumerable<ObjectKey> All(ICache<VMTemplate> templates) => templates.List().Select(template => ObjectKey.Of(template));

    private static IEnumerable<ObjectKey> IfDeleting(ICache<VMTemplate> templates, string @namespace, string? name) =>
        name is not null && templates.Get(new ObjectKey(@namespace, name)) is { Metadata.DeletionTimestamp: not null } template
            ? [ObjectKey.Of(template)]
            : [];
}

using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Who uses a template: VM pods that have not ended, and VMClones that name it and are not finished.</summary>
internal sealed class TemplateUsers(ICache<V1Pod> pods, ICache<VMClone> clones)
{
    /// <summary>For people: "pod a", "VMClone b".</summary>
    public IReadOnlyList<string> Of(ObjectKey template) =>
    [
        .. Pods(template).Select(pod => $"pod {pod.Metadata.Name}"),
        .. clones.Find(Indexes.Template, template.ToString()).Where(IsAlive).Select(clone => $"VMClone {clone.Metadata.Name}"),
    ];

    /// <summary>Revisions that pods were made for, be they scheduled yet or not.</summary>
    public IReadOnlySet<string> Revisions(ObjectKey template) =>
        Pods(template).Select(pod => pod.Label(Keys.RevisionLabel) ?? "").ToHashSet(StringComparer.Ordinal);

    private IEnumerable<V1Pod> Pods(ObjectKey template) =>
        pods.Find(Indexes.Template, template.ToString()).Where(pod => !pod.VmHasEnded());

    // One that is being deleted waits for its own pod at most, which is counted by itself.
    private static bool IsAlive(VMClone clone) => clone.Metadata.DeletionTimestamp is null && clone.Status?.FinishTime is null;
}

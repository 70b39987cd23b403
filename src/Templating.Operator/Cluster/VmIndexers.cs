using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Cluster;

/// <summary>The values of <see cref="Indexes"/>.</summary>
internal static class VmIndexers
{
    public static IReadOnlyDictionary<string, Func<V1Pod, IEnumerable<string>>> Pods { get; } =
        new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(StringComparer.Ordinal)
        {
            [Indexes.Template] = pod => Scoped(pod.Metadata, pod.Label(Keys.TemplateLabel)),
            [Indexes.Pool] = pod => pod.Label(Keys.CloneLabel) is null ? Scoped(pod.Metadata, pod.Label(Keys.PoolLabel)) : [],
            [Indexes.Claimed] = pod => pod.Label(Keys.CloneLabel) is null || pod.VmHasEnded() || pod.IsDeleting()
                ? [] : Scoped(pod.Metadata, pod.Label(Keys.PoolLabel)),
            [Indexes.Clone] = pod => One(pod.Label(Keys.CloneLabel)),
            [Indexes.Node] = pod => One(pod.Spec?.NodeName),
        };

    public static IReadOnlyDictionary<string, Func<VMPool, IEnumerable<string>>> Pools { get; } =
        new Dictionary<string, Func<VMPool, IEnumerable<string>>>(StringComparer.Ordinal)
        {
            [Indexes.Template] = pool => Scoped(pool.Metadata, pool.Spec.Template),
        };

    public static IReadOnlyDictionary<string, Func<VMClone, IEnumerable<string>>> Clones { get; } =
        new Dictionary<string, Func<VMClone, IEnumerable<string>>>(StringComparer.Ordinal)
        {
            [Indexes.Template] = clone => Scoped(clone.Metadata, clone.Spec.Template),
            [Indexes.Pool] = clone => Scoped(clone.Metadata, clone.Spec.Pool),
        };

    /// <summary>By the node they are on.</summary>
    public static IReadOnlyDictionary<string, Func<V1Pod, IEnumerable<string>>> Daemons { get; } =
        new Dictionary<string, Func<V1Pod, IEnumerable<string>>>(StringComparer.Ordinal) { [Indexes.Node] = pod => One(pod.Spec?.NodeName) };

    private static IEnumerable<string> Scoped(V1ObjectMeta about, string? name) =>
        string.IsNullOrEmpty(name) ? [] : [$"{about.NamespaceProperty}/{name}"];

    private static IEnumerable<string> One(string? value) => string.IsNullOrEmpty(value) ? [] : [value];
}

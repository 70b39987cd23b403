using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>A namespaced object, or one of the cluster's where the namespace is empty.</summary>
internal readonly record struct ObjectKey(string Namespace, string Name)
{
    public static ObjectKey Of(IKubernetesObject<V1ObjectMeta> item) => new(item.Metadata.NamespaceProperty ?? "", item.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

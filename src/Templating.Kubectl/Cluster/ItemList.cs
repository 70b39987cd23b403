using k8s;
using k8s.Models;

namespace Templating.Kubectl.Cluster;

/// <summary>A list as the API server returns it, of any kind.</summary>
internal sealed class ItemList<T> : IKubernetesObject<V1ListMeta>, IItems<T>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ListMeta Metadata { get; set; } = new();

    public IList<T> Items { get; set; } = [];
}

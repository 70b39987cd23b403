using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>A page of a list, of any kind.</summary>
internal sealed class ItemList<T>
{
    public V1ListMeta Metadata { get; set; } = new();

    public List<T> Items { get; set; } = [];
}

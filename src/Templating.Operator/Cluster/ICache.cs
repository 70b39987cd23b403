using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>What an informer knows of one kind. Its objects are shared: never change one, copy it first.</summary>
internal interface ICache<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    T? Get(ObjectKey key);

    /// <summary>Of one namespace, or of all.</summary>
    IReadOnlyList<T> List(string? @namespace = null);

    /// <summary>By an index of <see cref="Indexes"/>; an unknown value has no objects.</summary>
    IReadOnlyList<T> Find(string index, string value);

    /// <summary>How many <see cref="Find"/> would have.</summary>
    int Count(string index, string value);

    /// <summary>
    /// Puts an object that this process just wrote there, so that the next look sees it even before the watch tells of it.
    /// An older one than the cache has is ignored.
    /// </summary>
    void Remember(T item);
}

/// <summary>Names of the informers' indexes.</summary>
internal static class Indexes
{
    /// <summary>VM pods by NAMESPACE/TEMPLATE.</summary>
    public const string Template = "template";

    /// <summary>VM pods by NAMESPACE/POOL while no VMClone has them; VMClones by NAMESPACE/POOL they name.</summary>
    public const string Pool = "pool";

    /// <summary>VM pods by NAMESPACE/POOL that a VMClone took them from, until their VM ends or they are deleted. Many more than wait, in time.</summary>
    public const string Claimed = "pool-claimed";

    /// <summary>VM pods by the uid of the VMClone that has them.</summary>
    public const string Clone = "clone";

    /// <summary>Pods by the node they are on.</summary>
    public const string Node = "node";
}

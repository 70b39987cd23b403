using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>
/// Every write to the API server goes through here: counted, limited and remembered in the cache. A refusal is an
/// <c>HttpOperationException</c>; <see cref="ClusterErrors"/> tells which kind.
/// </summary>
internal interface IClusterWriter
{
    Task<T> CreateAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Server-side apply under our field manager, forced: the fields in it are ours.</summary>
    Task<T> ApplyAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>
    /// Server-side apply of the status alone. Nothing is written where the cache's object has that status already.
    /// </summary>
    Task<T> ApplyStatusAsync<T, TStatus>(T current, TStatus status, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class;

    /// <summary>A JSON merge patch; put metadata.resourceVersion into it to have it refused (409) when somebody else was first.</summary>
    Task<T> PatchAsync<T>(ObjectKey key, object mergePatch, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Deletes it where it still is the one with that uid. One that is gone is no error.</summary>
    /// <param name="key">Which.</param>
    /// <param name="uid">Null for whichever has the name now.</param>
    /// <param name="gracePeriodSeconds">Null for the object's own; 0 only for pods of nodes that are gone.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task DeleteAsync<T>(ObjectKey key, string? uid, int? gracePeriodSeconds, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;

    /// <summary>Deletes it where nobody changed it since: what this process knows of it is still so.</summary>
    /// <returns>False where somebody did; true also where it is gone.</returns>
    Task<bool> DeleteUnchangedAsync<T>(T item, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;
}

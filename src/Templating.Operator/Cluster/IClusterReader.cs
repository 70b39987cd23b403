using k8s;
using k8s.Models;

namespace Templating.Operator.Cluster;

/// <summary>Reads that go to the API server: of what no informer keeps (Secrets, ConfigMaps), or must not be old.</summary>
internal interface IClusterReader
{
    /// <summary>Null where there is none.</summary>
    /// <exception cref="k8s.Autorest.HttpOperationException">As the server refused it.</exception>
    Task<T?> GetAsync<T>(ObjectKey key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>;
}

using k8s;
using k8s.Models;

namespace Templating.Kubectl.Cluster;

/// <summary>An object of which only the metadata matters.</summary>
internal sealed class AnyObject : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();
}

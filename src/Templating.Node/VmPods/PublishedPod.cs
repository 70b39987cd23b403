using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>A VM pod: its volume, and what its process last said. Neither is changed once it is here.</summary>
internal sealed record PublishedPod(VolumeView Volume, PodStatus Status)
{
    /// <summary>Its place in lists (<see cref="PageKeys"/>).</summary>
    public string PageKey => $"{Volume.Tenant} {Volume.PodUid} {Volume.Id}";
}

using Templating.Node.Kubernetes.Volumes;
using Templating.V1;

namespace Templating.Node.Pods;

/// <summary>A VM pod: its volume, and what its process last said. Neither is changed once it is here.</summary>
internal sealed record PublishedPod(VolumeView Volume, PodStatus Status);

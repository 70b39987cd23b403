using Google.Protobuf.WellKnownTypes;
using Templating.Node.Mapping;

namespace Templating.Node.VmPods;

/// <summary>Writes VM pods as the wire has them.</summary>
internal static class VmPodWriter
{
    public static V1.VmPod ToWire(PublishedPod pod, V1.MemoryUsage? memory = null)
    {
        var (volume, status) = (pod.Volume, pod.Status);
        var wire = new V1.VmPod
        {
            Name = new PodName(volume.Tenant, volume.PodUid).ToString(),
            Tenant = volume.Tenant,
            PodName = volume.PodName,
            PodUid = volume.PodUid,
            Volume = volume.Id,
            Template = volume.Revision.ToString(),
            State = status.State,
            StateReason = status.StateReason,
            Id = status.Id,
            RequestId = status.RequestId,
            Identity = status.Identity,
            Network = status.Network,
            PublishTime = Timestamp.FromDateTimeOffset(volume.PublishedAt),
            ReadyTime = status.ReadyTime,
            Memory = memory,
            Ip = status.Ip,
        };
        wire.Phases.AddRange(status.Phases);
        return wire;
    }
}

using Grpc.Core;
using Microsoft.Extensions.Options;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Csi.V1;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Options;

namespace Templating.Node.Kubernetes;

/// <summary>The CSI node service: a kubelet's way to the volumes of VM pods.</summary>
internal sealed class CsiNode(VolumeManager volumes, TemplatingMetrics metrics, IOptions<NodeOptions> options) : Csi.V1.Node.NodeBase
{
    public override async Task<NodePublishVolumeResponse> NodePublishVolume(NodePublishVolumeRequest request, ServerCallContext context)
    {
        try
        {
            await volumes.PublishAsync(VolumeReader.Read(request), context.CancellationToken);
            return new NodePublishVolumeResponse();
        }
        catch (TemplatingException e)
        {
            // It is the beginning of a VM pod's creation.
            metrics.Refused(e.Code);
            throw;
        }
    }

    public override Task<NodeUnpublishVolumeResponse> NodeUnpublishVolume(NodeUnpublishVolumeRequest request, ServerCallContext context)
    {
        volumes.Unpublish(request.VolumeId, request.TargetPath);
        return Task.FromResult(new NodeUnpublishVolumeResponse());
    }

    public override Task<NodeGetVolumeStatsResponse> NodeGetVolumeStats(NodeGetVolumeStatsRequest request, ServerCallContext context)
    {
        var health = volumes.Inspect(request.VolumeId);
        return Task.FromResult(new NodeGetVolumeStatsResponse
        {
            // Read-only files: as large as they will ever be.
            Usage = { new VolumeUsage { Total = health.Bytes, Used = health.Bytes, Unit = VolumeUsage.Types.Unit.Bytes } },
            VolumeCondition = new VolumeCondition
            {
                Abnormal = health.Problem is not null,
                Message = health.Problem ?? "The revision's files are as they were published.",
            },
        });
    }

    public override Task<NodeGetCapabilitiesResponse> NodeGetCapabilities(NodeGetCapabilitiesRequest request, ServerCallContext context) =>
        Task.FromResult(new NodeGetCapabilitiesResponse
        {
            Capabilities =
            {
                Capability(NodeServiceCapability.Types.RPC.Types.Type.GetVolumeStats),
                Capability(NodeServiceCapability.Types.RPC.Types.Type.VolumeCondition),
            },
        });

    public override Task<NodeGetInfoResponse> NodeGetInfo(NodeGetInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new NodeGetInfoResponse { NodeId = options.Value.NodeName });

    private static NodeServiceCapability Capability(NodeServiceCapability.Types.RPC.Types.Type type) =>
        new() { Rpc = new NodeServiceCapability.Types.RPC { Type = type } };
}

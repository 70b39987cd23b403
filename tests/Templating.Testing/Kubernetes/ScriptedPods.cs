using Grpc.Core;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

internal sealed class ScriptedPods(Func<ServerCallContext, ScriptedNode> nodes) : PodService.PodServiceBase
{
    public override Task<VmPod> GetPod(GetPodRequest request, ServerCallContext context) => Task.FromResult(nodes(context).Named(request.Name));

    public override Task WatchPods(WatchPodsRequest request, IServerStreamWriter<WatchPodsResponse> responseStream, ServerCallContext context) =>
        nodes(context).PodHub.WatchAsync(
            (type, pod) => responseStream.WriteAsync(new WatchPodsResponse { Type = type, Pod = pod }, context.CancellationToken), context.CancellationToken);

    public override Task<VmPod> ActivatePod(ActivatePodRequest request, ServerCallContext context) =>
        nodes(context).ActivateAsync(request, context.CancellationToken);
}

using Grpc.Core;
using Templating.V1;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>gRPC of the daemons: the address that was called tells which node answers.</summary>
internal sealed class TemplateSimulator(SimulatedNodes nodes) : TemplateService.TemplateServiceBase
{
    public override async Task CreateTemplate(
        CreateTemplateRequest request, IServerStreamWriter<CreateTemplateResponse> responseStream, ServerCallContext context) =>
        await responseStream.WriteAsync(
            new CreateTemplateResponse { Phase = "done", Template = nodes.Of(context).Build(request) }, context.CancellationToken);

    public override Task<ListTemplatesResponse> ListTemplates(ListTemplatesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListTemplatesResponse { Templates = { nodes.Of(context).Templates.All } });

    public override Task<DeleteTemplateResponse> DeleteTemplate(DeleteTemplateRequest request, ServerCallContext context)
    {
        nodes.Of(context).Templates.Remove(request.Name.Split('/')[3]);
        return Task.FromResult(new DeleteTemplateResponse { Deleted = { request.Name } });
    }

    public override async Task WatchTemplates(
        WatchTemplatesRequest request, IServerStreamWriter<WatchTemplatesResponse> responseStream, ServerCallContext context)
    {
        await foreach (var (type, template) in nodes.Of(context).Templates.FollowAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new WatchTemplatesResponse { Type = type, Template = template }, context.CancellationToken);
        }
    }
}

internal sealed class PodSimulator(SimulatedNodes nodes) : PodService.PodServiceBase
{
    public override Task<VmPod> GetPod(GetPodRequest request, ServerCallContext context) =>
        Task.FromResult(nodes.Of(context).Pods.Find(Uid(request.Name))
            ?? throw new RpcException(new Status(StatusCode.NotFound, $"{request.Name} is not here.")));

    public override Task<ListPodsResponse> ListPods(ListPodsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListPodsResponse { Pods = { nodes.Of(context).Pods.All } });

    public override Task<VmPod> ActivatePod(ActivatePodRequest request, ServerCallContext context) =>
        nodes.Of(context).ActivateAsync(Uid(request.Name), request.Activation, context.CancellationToken);

    public override async Task WatchPods(
        WatchPodsRequest request, IServerStreamWriter<WatchPodsResponse> responseStream, ServerCallContext context)
    {
        await foreach (var (type, pod) in nodes.Of(context).Pods.FollowAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new WatchPodsResponse { Type = type, Pod = pod }, context.CancellationToken);
        }
    }

    private static string Uid(string name) => name.Split('/')[^1];
}

internal sealed class NodeSimulator(SimulatedNodes nodes) : NodeService.NodeServiceBase
{
    public override Task<Node> GetNode(GetNodeRequest request, ServerCallContext context) => Task.FromResult(new Node
    {
        Version = "simulated",
        QemuVersion = "10.0.2",
        MachineType = "pc-q35-10.0",
        Accelerator = Accelerator.Tcg,
        MemoryBudgetBytes = 1L << 40,
        MaxClones = 1000,
        StoreFreeBytes = 1L << 40,
        StorePath = "/var/lib/templating",
        Templates = nodes.Of(context).Templates.All.Count,
    });
}

using Grpc.Core;
using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.Node.VmPods;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>VM pods, for the operator.</summary>
internal sealed class PodService(PodTable pods, PodCalls calls, CallLifetime lifetime, TemplatingMetrics metrics) : V1.PodService.PodServiceBase
{
    public override async Task<VmPod> GetPod(GetPodRequest request, ServerCallContext context)
    {
        var name = NameReader.Pod("name", request.Name, context.Caller());
        var faults = new Faults();
        CheckView(request.View, faults);
        faults.ThrowIfAny();
        var pod = pods.Get(name);
        return VmPodWriter.ToWire(pod, request.View == CloneView.Full ? await calls.ReadMemoryAsync(pod, context.CancellationToken) : null);
    }

    public override async Task<ListPodsResponse> ListPods(ListPodsRequest request, ServerCallContext context)
    {
        var faults = new Faults();
        var caller = context.Caller();
        var tenant = NameReader.Parent(request.Parent, caller, faults);
        var filter = $"pods {request.Parent}";
        var after = PageToken.Read(request.PageToken, filter, faults);
        var size = FieldReader.PageSize(request.PageSize, faults);
        CheckView(request.View, faults);
        faults.ThrowIfAny();
        var shown = new List<PublishedPod>();
        var visible = pods.List(tenant).Where(pod => caller.Tenants.Contains(pod.Volume.Tenant));
        var page = Pages.Cut(visible, pod => pod.PageKey, after, size, Write, out var next);
        if (request.View == CloneView.Full)
        {
            await Parallel.ForEachAsync(
                page.Zip(shown),
                new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = context.CancellationToken },
                async (entry, cancelled) => entry.First.Memory = await calls.ReadMemoryAsync(entry.Second, cancelled));
        }

        return new ListPodsResponse { Pods = { page }, NextPageToken = next is null ? "" : PageToken.Write(filter, next) };

        VmPod Write(PublishedPod pod)
        {
            shown.Add(pod);
            return VmPodWriter.ToWire(pod);
        }
    }

    public override Task WatchPods(WatchPodsRequest request, IServerStreamWriter<WatchPodsResponse> responseStream, ServerCallContext context) =>
        Watch.ServeAsync(
            lifetime, context, request.Parent, pods.WatchAsync, pods.List, pod => pod.Volume.Id, pod => pod.Volume.Tenant,
            (type, pod, until) => responseStream.WriteAsync(
                new WatchPodsResponse { Type = type, Pod = pod is null ? null : VmPodWriter.ToWire(pod) }, until));

    public override async Task<VmPod> ActivatePod(ActivatePodRequest request, ServerCallContext context)
    {
        var name = NameReader.Pod("name", request.Name, context.Caller());
        var activation = request.Activation ?? new Activation();
        var timeout = ActivationReader.Read(activation, "activation.").Inputs.IdentityTimeout;
        try
        {
            return VmPodWriter.ToWire(await calls.ActivateAsync(pods.Get(name), activation, timeout, context.CancellationToken));
        }
        catch (TemplatingException e)
        {
            metrics.Refused(e.Code);
            throw;
        }
    }

    private static void CheckView(CloneView view, Faults faults) =>
        faults.Require(Enum.IsDefined(view), "view", $"{(int)view} is not known; use BASIC or FULL.");
}

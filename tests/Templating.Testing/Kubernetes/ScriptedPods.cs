using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

internal sealed class ScriptedPods(ScriptedNode node) : PodService.PodServiceBase
{
    private readonly Lock _lock = new();

    public override Task<VmPod> GetPod(GetPodRequest request, ServerCallContext context) => Task.FromResult(Find(request.Name));

    public override Task WatchPods(WatchPodsRequest request, IServerStreamWriter<WatchPodsResponse> responseStream, ServerCallContext context) =>
        node.PodHub.WatchAsync(
            (type, pod) => responseStream.WriteAsync(new WatchPodsResponse { Type = type, Pod = pod }, context.CancellationToken), context.CancellationToken);

    /// <summary>A waiting VM is given once; a retry of the same request gets what the first got.</summary>
    public override async Task<VmPod> ActivatePod(ActivatePodRequest request, ServerCallContext context)
    {
        node.Activations.Enqueue(request);
        var activation = request.Activation;
        lock (_lock)
        {
            var pod = Find(request.Name);
            if (pod.RequestId == activation.RequestId && pod.State == PodState.Ready)
            {
                return pod;
            }

            if (pod.State != PodState.Waiting && pod.RequestId != activation.RequestId)
            {
                throw NodeRefusals.Make(StatusCode.FailedPrecondition, "ILLEGAL_STATE", $"'{request.Name}' is {pod.State}; only one that waits can be activated.");
            }

            Change(pod, changed => (changed.State, changed.Id, changed.RequestId) = (PodState.Activating, activation.Id, activation.RequestId));
        }

        await node.OnActivate(request, context.CancellationToken);
        return Change(Find(request.Name), pod =>
        {
            pod.State = PodState.Ready;
            pod.ReadyTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
            pod.Identity = new Identity { Hostname = activation.Hostname.Length > 0 ? activation.Hostname : activation.Id, MachineId = pod.PodUid.Replace("-", "", StringComparison.Ordinal) };
            pod.Phases.Add(new Phase { Name = "identity", Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(5)) });
        });
    }

    private VmPod Find(string name) => node.PodHub.Find(name.Split('/')[^1])
        ?? throw NodeRefusals.Make(StatusCode.NotFound, "CLONE_NOT_FOUND", $"There is no '{name}'.");

    private VmPod Change(VmPod pod, Action<VmPod> change)
    {
        var changed = pod.Clone();
        change(changed);
        node.PodHub.Set(changed.PodUid, changed);
        return changed;
    }
}

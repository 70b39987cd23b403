using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Load;

/// <summary>
/// Plays the operator, the scheduler and the kubelet for what a load test makes: VMClones become as a test wants them, pods are bound, run
/// and are ready, and deleted ones go. Each look is a list, as of somebody who is a little late.
/// </summary>
internal sealed class PlayedCluster : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly TestSpace _space;
    private readonly Task _playing;

    /// <param name="space">Where.</param>
    /// <param name="clones">What becomes of each VMClone; null leaves them as they are.</param>
    public PlayedCluster(TestSpace space, VMCloneStatus? clones)
    {
        _space = space;
        _playing = PlayAsync(clones);
    }

    public static VMCloneStatus Ready { get; } = ReadyAt("10.244.0.9");

    public static VMCloneStatus Ended { get; } = new() { Start = StartKinds.Cold, Conditions = [Condition(ConditionTypes.Finished, Reasons.VMFailed)] };

    public static VMCloneStatus ReadyAt(string ip) => new()
    {
        Start = StartKinds.Warm,
        NodeName = "node-1",
        Ip = ip,
        Conditions =
        [
            Condition(ConditionTypes.Scheduled, Reasons.Claimed), Condition(ConditionTypes.Restored, Reasons.Restored),
            Condition(ConditionTypes.Ready, ConditionTypes.Ready),
        ],
    };

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _playing;
        _end.Dispose();
    }

    private static V1Condition Condition(string type, string reason) => new()
    {
        Type = type,
        Status = ConditionStatus.True,
        Reason = reason,
        Message = "As a test plays it.",
        LastTransitionTime = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
    };

    private async Task PlayAsync(VMCloneStatus? clones)
    {
        while (!_end.IsCancellationRequested)
        {
            await TurnAsync(clones);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task TurnAsync(VMCloneStatus? clones)
    {
        if (clones is not null)
        {
            var all = await _space.Api.SendAsync<ItemList<VMClone>>(
                HttpMethod.Get, ResourceType.Of<VMClone>().Collection(_space.Name), null, null, CancellationToken.None);
            foreach (var clone in all.Items.Where(c => c.Status?.Conditions is null))
            {
                await UnlessGoneAsync(() => _space.Client.CustomObjects.PatchNamespacedCustomObjectStatusAsync<VMClone>(
                    Patch(new { status = clones }), Group.Name, Group.Version, _space.Name, VMClone.Plural, clone.Metadata.Name));
            }
        }

        foreach (var pod in await _space.PodsAsync())
        {
            if (pod.Metadata.DeletionTimestamp is not null)
            {
                await _space.Kubelet.RemoveAsync(pod.Metadata.Name);
            }
            else if (string.IsNullOrEmpty(pod.Spec.NodeName))
            {
                await UnlessGoneAsync(() => _space.Kubelet.StartAsync(pod.Metadata.Name, "node-2"));
                await UnlessGoneAsync(() => _space.Client.CoreV1.PatchNamespacedPodStatusAsync(
                    Patch(new { status = new { conditions = new[] { new { type = ConditionTypes.Ready, status = ConditionStatus.True } } } }),
                    pod.Metadata.Name, _space.Name));
            }
        }
    }

    private static V1Patch Patch(object patch) => new(KubernetesJson.Serialize(patch), V1Patch.PatchType.MergePatch);

    private static async Task UnlessGoneAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // It was deleted since it was listed.
        }
    }
}

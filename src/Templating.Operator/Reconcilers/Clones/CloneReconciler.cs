using System.Runtime.ExceptionServices;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Steps;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones;

/// <summary>Gives each VMClone its VM, and tells what became of it: by <see cref="Steps"/>, then by one write of its status.</summary>
internal sealed class CloneReconciler(
    ICache<VMClone> clones, IEnumerable<ICloneStep> steps, CloneStatusWriter status, Refusals refusals, CloneClock clock, TimeProvider time) : IReconciler
{
    /// <summary>The steps of a pass. Their order is the algorithm: each relies on what those before it saw to.</summary>
    public static IReadOnlyList<ServiceDescriptor> Steps { get; } =
    [
        // First what is: every other step judges by the pod and by what its node says.
        ServiceDescriptor.Singleton<ICloneStep, FindPod>(),
        // A finished VMClone is not looked at any further, whatever its spec says by now.
        ServiceDescriptor.Singleton<ICloneStep, Expire>(),
        // Nothing is made of a spec that is not valid. After FindPod: with a VM that runs the spec is compared, and it goes on.
        ServiceDescriptor.Singleton<ICloneStep, Accept>(),
        // Before EndOfPod, which would take the pod that is deleted here for one that somebody deleted.
        ServiceDescriptor.Singleton<ICloneStep, ShutDown>(),
        // Before a VM is made: only when the last one is counted as ended may another take its place.
        ServiceDescriptor.Singleton<ICloneStep, EndOfPod>(),
        // Before a VM is taken or made: one that could not start where it is gets its pod anew.
        ServiceDescriptor.Singleton<ICloneStep, LeaveNode>(),
        // Before a VM is taken, so that none is taken for a guest that cannot be given what it is to have.
        ServiceDescriptor.Singleton<ICloneStep, ReadInputs>(),
        ServiceDescriptor.Singleton<ICloneStep, TakeFromPool>(),
        // Where no VM waited, or no pool is named.
        ServiceDescriptor.Singleton<ICloneStep, CreatePod>(),
        ServiceDescriptor.Singleton<ICloneStep, Activate>(),
        // Last: it tells what the steps before it came to.
        ServiceDescriptor.Singleton<ICloneStep, Observe>(),
    ];

    public string Name => "clone";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        // The pod of a VMClone that is gone goes by its owner reference.
        if (clones.Get(key) is not { } clone || clone.Metadata.DeletionTimestamp is not null)
        {
            clock.Forget(key);
            return ReconcileResult.Done;
        }

        clock.Start(key, clone);
        var work = new CloneWork(clone, time.GetUtcNow());
        var isInTheWay = false;
        try
        {
            await RunAsync(work, cancellationToken);
        }
        catch (Exception error) when (Refusal.Of(error) is not null)
        {
            work.Refused(error);
            isInTheWay = true;
        }

        // Whatever was refused, what is known so far is told; then the refusal is the queue's, for its backoff.
        refusals.Tell(work.Clone, work.Conditions, work.Refusal, isInTheWay);
        await status.WriteAsync(work, cancellationToken);
        if (work.Refusal is { } refusal)
        {
            ExceptionDispatchInfo.Throw(refusal);
        }

        return work.Left;
    }

    private async Task RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            if (await step.RunAsync(work, cancellationToken) == StepResult.End)
            {
                return;
            }
        }
    }
}

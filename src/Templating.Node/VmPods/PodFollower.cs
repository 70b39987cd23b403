using Templating.Api.Client;
using Templating.Core.Errors;
using Templating.Node.Kubernetes.Volumes;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>
/// Keeps the table's entry of one volume as its pod says, until cancelled. A pod's process comes some time after its volume,
/// and may come again when the kubelet restarts its container.
/// </summary>
internal sealed class PodFollower(VolumeView volume, PodTable table, PodMeter meter, PodPages pages, TimeProvider time, ILogger logger)
{
    // A cold start waits for the socket to be noticed; a look is one system call.
    private static readonly TimeSpan Eager = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan EagerFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patient = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PatientFor = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    // A life has about five changes. A pod that talks without end is listened to slowly.
    private const int MaxQuickChanges = 32;
    private static readonly TimeSpan SlowChange = TimeSpan.FromMilliseconds(250);

    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PodStatus _status = new() { State = PodState.Published };

    /// <summary>Done when the pod said its state, or has nothing to say it by.</summary>
    public Task Looked => _looked.Task;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Set(_status);
        var since = time.GetTimestamp();
        try
        {
            while (true)
            {
                if (await ListenAsync(cancellationToken))
                {
                    since = time.GetTimestamp();
                }

                _looked.TrySetResult();

                var waited = time.GetElapsedTime(since);
                await Task.Delay(waited < EagerFor ? Eager : waited < PatientFor ? Patient : Idle, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The volume is unpublished, or the daemon stops.
        }
        finally
        {
            _looked.TrySetResult();
        }
    }

    /// <returns>Whether the pod said anything.</returns>
    private async Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        using var folder = PodSocketFolder.TryOpen(volume);
        if (folder is not { HasSocket: true })
        {
            return false;
        }

        var changes = 0;
        var end = "";
        try
        {
            await foreach (var said in folder.Client.WatchAsync(cancellationToken))
            {
                if (changes == 0)
                {
                    meter.Begin();
                }

                Hear(PodStatusReader.Read(said));
                _looked.TrySetResult();
                if (++changes > MaxQuickChanges)
                {
                    await Task.Delay(SlowChange, time, cancellationToken);
                }
            }
        }
        catch (TemplatingClientException e)
        {
            end = e.Message;
        }

        if (changes > 0 && _status.State is not (PodState.Stopped or PodState.Failed))
        {
            Log.PodLost(logger, volume.Tenant, volume.PodName, end);
            var lost = _status.Clone();
            lost.State = PodState.Failed;
            lost.Failure = ErrorReasons.Of(ErrorCode.PodUnavailable);
            lost.StateReason = "The pod's process went away without a word. Was it killed for its memory? 'kubectl describe pod' says how its container ended.";
            Hear(lost);
        }

        return changes > 0;
    }

    private void Hear(PodStatus status)
    {
        meter.See(status);
        // One that was ready before this daemon has used more since.
        if (status.State == PodState.Ready && _status.State is (PodState.Waiting or PodState.Activating))
        {
            _ = pages.Learn(volume);
        }

        Set(status);
    }

    private void Set(PodStatus status)
    {
        _status = status;
        table.Set(new PublishedPod(volume, status));
    }
}

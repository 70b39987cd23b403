using Grpc.Core;
using Templating.Api.Client;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>Asks a pod by its socket. What it answers is its own: failures are told in our words and with our codes.</summary>
internal sealed class PodCalls(PodTable table, PodPages pages, TimeProvider time)
{
    /// <summary>For what a pod does beside waiting for its guest.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan QueryTimeout = TimeSpan.FromSeconds(5);

    private const int MaxMessage = 512;

    /// <exception cref="TemplatingException">PodUnavailable, or what the pod refused it with.</exception>
    public async Task<PublishedPod> ActivateAsync(PublishedPod pod, Activation activation, TimeSpan identityTimeout, CancellationToken cancellationToken)
    {
        if (pod.Status.State == PodState.Ready && string.Equals(pod.Status.RequestId, activation.RequestId, StringComparison.Ordinal))
        {
            return pod;
        }

        using var folder = Require(pod);
        pages.Fetch(pod.Volume);
        var status = await AskAsync(pod, identityTimeout + Margin, token => folder.Client.ActivateAsync(activation, token), cancellationToken);
        var active = pod with { Status = PodStatusReader.Read(status) };
        // Its follower hears of it too; whoever lists now is not to see it waiting.
        table.Set(active);
        return active;
    }

    /// <summary>Null where the pod does not say.</summary>
    public async Task<MemoryUsage?> ReadMemoryAsync(PublishedPod pod, CancellationToken cancellationToken)
    {
        try
        {
            using var folder = Require(pod);
            var status = await AskAsync(pod, QueryTimeout, token => folder.Client.QueryAsync(withMemory: true, token), cancellationToken);
            return PodStatusReader.Read(status).Memory;
        }
        catch (TemplatingException)
        {
            // It ended meanwhile, or has none yet: there is nothing to tell of its memory.
            return null;
        }
    }

    private static PodSocketFolder Require(PublishedPod pod)
    {
        var folder = PodSocketFolder.TryOpen(pod.Volume);
        if (folder is { HasSocket: true })
        {
            return folder;
        }

        folder?.Dispose();
        throw Unavailable(pod, "it has no socket yet");
    }

    private async Task<PodStatus> AskAsync(
        PublishedPod pod, TimeSpan timeout, Func<CancellationToken, Task<PodStatus>> ask, CancellationToken cancellationToken)
    {
        using var expired = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, expired.Token);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable(pod, $"it did not answer within {timeout.TotalSeconds:0} s");
        }
        catch (TemplatingClientException e)
        {
            var message = PodStatusReader.Text(e.Message, MaxMessage);
            // Its word counts only where code and reason are a pair of ours.
            throw ErrorReasons.Find(e.Reason) is { } code && ErrorTable.Of(code).Status == e.Code
                ? new TemplatingException(code, message, e)
                : e.Code == StatusCode.Unavailable ? Unavailable(pod, message) : new TemplatingException(ErrorCode.PodUnavailable, message, e);
        }
    }

    private static TemplatingException Unavailable(PublishedPod pod, string why) => new(
        ErrorCode.PodUnavailable, $"VM pod {pod.Volume.Tenant}/{pod.Volume.PodName} does not answer: {why}.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };
}

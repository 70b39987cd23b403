using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes.Calls;

namespace Templating.Kubectl.Load.Api;

/// <summary>
/// Follows the objects of one kind in one namespace: a list, then a watch that goes on where it ended; a new list where the
/// server no longer knows that place.
/// </summary>
/// <param name="seen">Each that is there, or changed. In order, and not for long.</param>
/// <param name="gone">Each that was deleted.</param>
/// <param name="listed">After each list, with the names that are there: what was there before and is none of them is gone.</param>
internal sealed class ObjectWatch<T>(
    LoadApi api, LoadKind kind, string @namespace, string selector, TimeProvider time, Action<T> seen, Action<T> gone, Action<IReadOnlySet<string>>? listed = null)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Without any success: an API server that is updated or moved is away for a minute.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly Backoff Pauses = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(5));

    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _version;
    private int _failures;
    private long? _failing;
    private long? _opened;

    /// <summary>Ends after the first list, or with what it failed by.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Until it is cancelled; then it ends without a word.</summary>
    /// <exception cref="HttpOperationException">The server refuses it.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await OnceAsync(cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Over; a body that is cut off so need not say it was cancelled.
        }
        catch (Exception e)
        {
            _synced.TrySetException(e);
            throw;
        }
        finally
        {
            _synced.TrySetCanceled(cancellationToken);
        }
    }

    private async Task OnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_version is null)
            {
                await ListAsync(cancellationToken);
            }

            var told = false;
            await foreach (var frame in api.WatchAsync(kind, @namespace, selector, _version ?? "", () => _opened = time.GetTimestamp(), cancellationToken))
            {
                told = true;
                Take(frame);
            }

            Succeed();
            // A server that takes watches and ends them at once is not asked in a tight loop.
            await (told ? Task.CompletedTask : Task.Delay(Pauses.First, time, cancellationToken));
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.Gone)
        {
            _version = null;
        }
        catch (Exception e) when (Refusals.IsPassing(e) && !cancellationToken.IsCancellationRequested && HasPatience())
        {
            await Task.Delay(Pauses.Delay(++_failures), time, cancellationToken);
        }
    }

    private bool HasPatience()
    {
        // One that was open for a while had nothing to tell; one that is taken and breaks off at once is none.
        if (_opened is { } opened && time.GetElapsedTime(opened) > Pauses.Longest)
        {
            Succeed();
        }

        _opened = null;
        return time.GetElapsedTime(_failing ??= time.GetTimestamp()) < Patience;
    }

    private void Succeed() => (_failing, _opened, _failures) = (null, null, 0);

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await api.ListAsync<T>(kind, @namespace, selector, cancellationToken);
        foreach (var item in list.Items)
        {
            seen(item);
        }

        listed?.Invoke(list.Items.Select(i => i.Metadata.Name).ToHashSet(StringComparer.Ordinal));
        _version = list.Metadata.ResourceVersion;
        Succeed();
        _synced.TrySetResult();
    }

    private void Take(WatchFrame frame)
    {
        if (frame.Type is "ERROR")
        {
            var status = frame.Item.TryGetProperty("code", out var code) && code.TryGetInt32(out var number) ? number : 500;
            using var response = new HttpResponseMessage((HttpStatusCode)status);
            throw new HttpOperationException($"watch of {kind.Plural}: {status} {ServerStatus.MessageOf(frame.Item.GetRawText())}")
            {
                Response = new HttpResponseMessageWrapper(response, frame.Item.GetRawText()),
            };
        }

        Succeed();
        var item = KubernetesJson.Deserialize<T>(frame.Item);
        _version = item.Metadata.ResourceVersion;
        if (frame.Type is "DELETED")
        {
            gone(item);
        }
        else if (frame.Type is not "BOOKMARK")
        {
            seen(item);
        }
    }
}

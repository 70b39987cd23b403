using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes.Calls;

namespace Templating.Operator.Cluster;

/// <summary>
/// Keeps objects of one kind as the API server has them: a paged list, then a watch with bookmarks that goes on where it
/// ended, a new list when the server no longer knows that place (410, as a status or as an event).
/// </summary>
internal sealed class Informer<T>(ClusterApi api, InformerOptions<T> options, ClusterMetrics metrics, TimeProvider time, ILogger logger) : ICache<T>, IInformer
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    // The server ends a watch after a while, and so a half-dead connection is noticed: the bound some seconds later is ours.
    private const int WatchSeconds = 300;

    private static readonly ResourceType Type = ResourceType.Of<T>();
    private readonly ObjectStore<T> _store = new(options.Indexers);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(15));
    private ImmutableList<Action<T?, T?>> _subscribers = [];
    private string? _version;

    public string Kind => Type.Kind;

    public bool IsSynced => _synced.Task.IsCompletedSuccessfully;

    public int Count => _store.Count;

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    public T? Get(ObjectKey key) => _store.Get(key);

    public IReadOnlyList<T> List(string? @namespace = null) => _store.List(@namespace);

    public IReadOnlyList<T> Find(string index, string value) => _store.Find(index, value);

    int ICache<T>.Count(string index, string value) => _store.CountOf(index, value);

    public void Remember(T item)
    {
        options.Trim?.Invoke(item);
        if (_store.Remember(item, out var before))
        {
            Tell(before, item);
        }
    }

    /// <summary>Called with (before, after) of each change: null where it did not exist, or no longer does. Must be quick.</summary>
    public IDisposable Subscribe(Action<T?, T?> changed)
    {
        ImmutableInterlocked.Update(ref _subscribers, list => list.Add(changed));
        return new Subscription(() => ImmutableInterlocked.Update(ref _subscribers, list => list.Remove(changed)));
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_version is null)
                {
                    await ListAsync(cancellationToken);
                }

                failures = await WatchAsync(cancellationToken) ? 0 : failures + 1;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (HttpOperationException e) when (ClusterErrors.KindOf(e) == ClusterErrorKind.Gone)
            {
                // Not a fault: the server compacted its history while we were away.
                metrics.Relisted(Kind);
                Log.Relist(logger, Kind, _version ?? "");
                _version = null;
                failures = 0;
                continue;
            }
#pragma warning disable CA1031 // Whatever it was (a body cut off, JSON of a proxy): a cache that stopped would be worse. It is logged and counted.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures++;
                metrics.WatchFailed(Kind);
                Log.WatchFailed(logger, Kind, failures, e.Message);
            }

            // A watch that ended in order goes on at once.
            if (failures > 0)
            {
                await Task.Delay(_backoff.Delay(failures), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var items = new List<T>();
        string? next = null;
        string? version;
        do
        {
            var path = Path($"limit={options.PageSize.ToString(CultureInfo.InvariantCulture)}" + (next is null ? "" : $"&continue={Uri.EscapeDataString(next)}"));
            var page = await api.SendAsync<ItemList<T>>(HttpMethod.Get, path, null, null, cancellationToken);
            items.AddRange(page.Items);
            version = page.Metadata.ResourceVersion;
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));

        items.ForEach(item => options.Trim?.Invoke(item));
        foreach (var (before, after) in _store.Replace(items, ObjectStore<T>.ParseVersion(version)))
        {
            Tell(before, after);
        }

        _version = version;
        if (_synced.TrySetResult())
        {
            Log.Synced(logger, Kind, items.Count);
        }
    }

    /// <returns>Whether it was a watch that worked for a while.</returns>
    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(WatchSeconds + 30), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        var query = $"watch=true&allowWatchBookmarks=true&timeoutSeconds={WatchSeconds}&resourceVersion={Uri.EscapeDataString(_version ?? "")}";
        var began = time.GetTimestamp();
        var told = false;
        try
        {
            await foreach (var frame in api.WatchAsync(Path(query), either.Token))
            {
                told = true;
                Take(frame);
            }
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return true;
        }

        // A server that takes watches and ends them at once must not be asked in a tight loop.
        return told || time.GetElapsedTime(began) > TimeSpan.FromSeconds(1);
    }

    private void Take(WatchFrame frame)
    {
        if (frame.Type is "ERROR")
        {
            throw ErrorOf(frame.Item);
        }

        var item = ObjectJson.Read<T>(frame.Item);
        var version = item.Metadata.ResourceVersion;
        if (frame.Type is "BOOKMARK")
        {
            _store.Advance(ObjectStore<T>.ParseVersion(version));
        }
        else
        {
            options.Trim?.Invoke(item);
            if (frame.Type is "DELETED")
            {
                if (_store.Remove(ObjectKey.Of(item), ObjectStore<T>.ParseVersion(version), out _))
                {
                    Tell(item, null);
                }
            }
            else if (_store.Set(item, out var before))
            {
                Tell(before, item);
            }
        }

        _version = version;
    }

    private void Tell(T? before, T? after)
    {
        if (before is not null && after is not null && options.AreSame?.Invoke(before, after) == true)
        {
            return;
        }

        foreach (var subscriber in _subscribers)
        {
            subscriber(before, after);
        }
    }

    private string Path(string query) =>
        $"{Type.Collection(options.Namespace)}?{query}"
        + (options.LabelSelector.Length == 0 ? "" : $"&labelSelector={Uri.EscapeDataString(options.LabelSelector)}");

    /// <param name="content">A Status; the client's type of it can be read, but not written.</param>
    private HttpOperationException ErrorOf(JsonElement content)
    {
        var status = ObjectJson.Read<V1Status>(content);
        using var response = new HttpResponseMessage((System.Net.HttpStatusCode)(status.Code ?? 500));
        return new HttpOperationException($"Watch of {Kind}: {status.Message}") { Response = new HttpResponseMessageWrapper(response, content.GetRawText()) };
    }
}

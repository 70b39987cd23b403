using System.Diagnostics;
using k8s;
using k8s.Models;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>
/// Follows the objects of one kind in one namespace, as a load test does, and tells when one came to be as wanted: by this process' clock, at the
/// moment its event was read.
/// </summary>
internal sealed class ObjectWatch<T> : IAsyncDisposable
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Waiter<T>>> _waiters = new(StringComparer.Ordinal);
    private readonly Action<T>? _onChange;
    private readonly Action<T>? _onGone;
    private readonly Task _following;
    private Exception? _failure;
    private long _lastEvent = Stopwatch.GetTimestamp();

    /// <param name="watched">Of what.</param>
    /// <param name="namespace">Which.</param>
    /// <param name="onChange">Called with each object that was added or changed, in order; not for long.</param>
    /// <param name="onGone">Likewise with each that was removed.</param>
    public ObjectWatch(Watched watched, string @namespace, Action<T>? onChange = null, Action<T>? onGone = null)
    {
        (_onChange, _onGone) = (onChange, onGone);
        _following = FollowAsync(watched, @namespace);
    }

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects.Values];
            }
        }
    }

    /// <summary>How long nothing has changed.</summary>
    public TimeSpan Quiet => Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastEvent));

    /// <returns>When the event came that made it so, in ticks of <see cref="Stopwatch"/>; now where it is so already.</returns>
    /// <param name="name">The object's.</param>
    /// <param name="condition">Gets null while there is no such object. What it throws ends the waiting.</param>
    /// <param name="limit">After which it is a <see cref="BenchmarkException"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<long> WhenAsync(string name, Func<T?, bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var waiter = new Waiter<T>(condition);
        lock (_lock)
        {
            if (_failure is not null)
            {
                throw new BenchmarkException($"The watch of {typeof(T).Name} broke off: {_failure.Message}");
            }

            waiter.Look(_objects.GetValueOrDefault(name), Stopwatch.GetTimestamp());
            if (!_waiters.TryGetValue(name, out var waiters))
            {
                _waiters[name] = waiters = [];
            }

            waiters.Add(waiter);
        }

        try
        {
            return await waiter.Task.WaitAsync(limit, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new BenchmarkException($"{typeof(T).Name} {name} did not become as wanted within {limit.TotalSeconds} s; it is:\n"
                + (Find(name) is { } last ? KubernetesJson.Serialize(last) : "not there"));
        }
        finally
        {
            Remove(name, waiter);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _following;
        _end.Dispose();
    }

    private T? Find(string name)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(name);
        }
    }

    private void Remove(string name, Waiter<T> waiter)
    {
        lock (_lock)
        {
            if (_waiters.TryGetValue(name, out var waiters) && waiters.Remove(waiter) && waiters.Count == 0)
            {
                _waiters.Remove(name);
            }
        }
    }

    private async Task FollowAsync(Watched watched, string @namespace)
    {
        try
        {
            await new Kubectl.Load.Api.ObjectWatch<T>(
                watched.Api, watched.Kind, @namespace, "", TimeProvider.System,
                seen: item => See(WatchEventType.Modified, item),
                gone: item => See(WatchEventType.Deleted, item),
                listed: RemoveMissing).RunAsync(_end.Token);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>What went while the server did not tell.</summary>
    private void RemoveMissing(IReadOnlySet<string> there)
    {
        foreach (var missing in All.Where(item => !there.Contains(item.Metadata.Name)))
        {
            See(WatchEventType.Deleted, missing);
        }
    }

    private void See(WatchEventType type, T item)
    {
        var now = Stopwatch.GetTimestamp();
        Interlocked.Exchange(ref _lastEvent, now);
        var gone = type == WatchEventType.Deleted;
        lock (_lock)
        {
            if (gone)
            {
                _objects.Remove(item.Metadata.Name);
            }
            else
            {
                _objects[item.Metadata.Name] = item;
            }

            if (_waiters.TryGetValue(item.Metadata.Name, out var waiters))
            {
                waiters.ForEach(w => w.Look(gone ? null : item, now));
            }
        }

        (gone ? _onGone : _onChange)?.Invoke(item);
    }

    private void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure = failure;
            foreach (var waiter in _waiters.Values.SelectMany(w => w))
            {
                waiter.Fail(new BenchmarkException($"The watch of {typeof(T).Name} broke off: {failure.Message}"));
            }
        }
    }
}

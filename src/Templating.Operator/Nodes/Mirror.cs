using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Operator.Nodes;

/// <summary>
/// The objects a watch tells of, by key. A new watch first tells all that exist, then SYNCED: what was known and is not told
/// again is gone by then.
/// </summary>
internal sealed class Mirror<T>(Func<T, string> keyOf, Action<T> changed)
    where T : class, IMessage
{
    /// <summary>
    /// On the wire; about three times that in memory. A thousand pods have a MiB. A daemon that tells of more is not to take the
    /// operator from the other nodes.
    /// </summary>
    public const long MaxBytes = 16 << 20;

    /// <summary>For the key and the object itself.</summary>
    private const long Price = 256;

    private readonly ConcurrentDictionary<string, T> _items = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private HashSet<string>? _told;
    private long _bytes;

    /// <summary>Whether a watch stands that has told everything.</summary>
    public bool Synced { get; private set; }

    public IReadOnlyCollection<T> All => [.. _items.Values];

    public T? Find(string key) => _items.GetValueOrDefault(key);

    /// <summary>Returns when the watch told of an object, or at once where it did.</summary>
    /// <exception cref="TimeoutException">It did not within that time.</exception>
    public async Task WaitForAsync(string key, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var told = _awaited.GetOrAdd(key, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            if (!_items.ContainsKey(key))
            {
                await told.Task.WaitAsync(limit, time, cancellationToken);
            }
        }
        finally
        {
            _awaited.TryRemove(key, out _);
        }
    }

    /// <summary>A watch begins.</summary>
    public void Begin() => _told = new(StringComparer.Ordinal);

    /// <summary>It ended: what is known may be old.</summary>
    public void End()
    {
        Synced = false;
        _told = null;
    }

    /// <returns>Whether this was the SYNCED.</returns>
    public bool Take(ChangeType type, T? item)
    {
        switch (type)
        {
            case ChangeType.Synced:
                Sweep();
                Synced = true;
                return true;
            case ChangeType.Deleted when item is not null:
                _told?.Remove(keyOf(item));
                Forget(keyOf(item));
                changed(item);
                break;
            case ChangeType.Added or ChangeType.Modified when item is not null:
                var key = keyOf(item);
                _told?.Add(key);
                var isNew = !_items.TryGetValue(key, out var before) || !before.Equals(item);
                _bytes += CostOf(item) - (before is null ? 0 : CostOf(before));
                _items[key] = item;
                if (_bytes > MaxBytes)
                {
                    Forget(key);
                    throw new TemplatingClientException(
                        StatusCode.ResourceExhausted, $"The daemon tells of more than {MaxBytes >> 20} MiB of {typeof(T).Name}s; that is not believed.");
                }

                if (_awaited.TryGetValue(key, out var awaited))
                {
                    awaited.TrySetResult();
                }

                if (isNew)
                {
                    changed(item);
                }

                break;
            default:
                // A newer daemon's word: what it means is told by the states that follow.
                break;
        }

        return false;
    }

    private void Sweep()
    {
        var told = _told ?? [];
        _told = null;
        foreach (var key in _items.Keys.Where(key => !told.Contains(key)))
        {
            if (Forget(key) is { } gone)
            {
                changed(gone);
            }
        }
    }

    private static long CostOf(T item) => Price + item.CalculateSize();

    private T? Forget(string key)
    {
        if (_items.TryRemove(key, out var gone))
        {
            _bytes -= CostOf(gone);
        }

        return gone;
    }
}

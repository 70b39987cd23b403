using System.Collections.Concurrent;
using Templating.V1;

namespace Templating.Operator.Nodes;

/// <summary>
/// The objects a watch tells of, by key. A new watch first tells all that exist, then SYNCED: what was known and is not told
/// again is gone by then.
/// </summary>
internal sealed class Mirror<T>(Func<T, string> keyOf, Action<T> changed)
    where T : class
{
    private readonly ConcurrentDictionary<string, T> _items = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private HashSet<string>? _told;

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
                _items.TryRemove(keyOf(item), out _);
                changed(item);
                break;
            case ChangeType.Added or ChangeType.Modified when item is not null:
                var key = keyOf(item);
                _told?.Add(key);
                var isNew = !_items.TryGetValue(key, out var before) || !before.Equals(item);
                _items[key] = item;
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
            if (_items.TryRemove(key, out var gone))
            {
                changed(gone);
            }
        }
    }
}

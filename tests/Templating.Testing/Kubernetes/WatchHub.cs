using System.Threading.Channels;
using Templating.V1;

namespace Templating.Testing.Kubernetes;

/// <summary>Objects and those who watch them: what exists as ADDED, then SYNCED, then every change.</summary>
internal sealed class WatchHub<T>
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _items = new(StringComparer.Ordinal);
    private readonly List<Channel<(ChangeType Type, T? Item)>> _watchers = [];

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _items.Values];
            }
        }
    }

    public T? Find(string key)
    {
        lock (_lock)
        {
            return _items.GetValueOrDefault(key);
        }
    }

    public void Set(string key, T item)
    {
        lock (_lock)
        {
            var type = _items.ContainsKey(key) ? ChangeType.Modified : ChangeType.Added;
            _items[key] = item;
            Tell(type, item);
        }
    }

    public bool Remove(string key)
    {
        lock (_lock)
        {
            if (!_items.Remove(key, out var item))
            {
                return false;
            }

            Tell(ChangeType.Deleted, item);
            return true;
        }
    }

    /// <summary>Ends all watches, as a daemon that stops does.</summary>
    public void EndWatches()
    {
        lock (_lock)
        {
            _watchers.ForEach(watcher => watcher.Writer.TryComplete());
            _watchers.Clear();
        }
    }

    public async Task WatchAsync(Func<ChangeType, T?, Task> send, CancellationToken cancellationToken)
    {
        var watcher = Channel.CreateUnbounded<(ChangeType, T?)>();
        lock (_lock)
        {
            foreach (var item in _items.Values)
            {
                watcher.Writer.TryWrite((ChangeType.Added, item));
            }

            watcher.Writer.TryWrite((ChangeType.Synced, null));
            _watchers.Add(watcher);
        }

        try
        {
            await foreach (var (type, item) in watcher.Reader.ReadAllAsync(cancellationToken))
            {
                await send(type, item);
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(watcher);
            }
        }
    }

    private void Tell(ChangeType type, T item) => _watchers.ForEach(watcher => watcher.Writer.TryWrite((type, item)));
}

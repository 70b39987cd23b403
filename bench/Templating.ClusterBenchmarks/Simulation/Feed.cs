using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Templating.V1;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>Objects of a node, and the watches of them: all as added, SYNCED, then each change.</summary>
internal sealed class Feed<T>
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, T> _items = new(StringComparer.Ordinal);
    private readonly List<ChannelWriter<Change>> _watchers = [];

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

    /// <summary>Makes the next state of one object of its present one (null: there is none), and tells it.</summary>
    public T Update(string key, Func<T?, T> next)
    {
        lock (_lock)
        {
            var before = _items.GetValueOrDefault(key);
            var after = next(before);
            if (!ReferenceEquals(before, after))
            {
                _items[key] = after;
                Tell(new Change(before is null ? ChangeType.Added : ChangeType.Modified, after));
            }

            return after;
        }
    }

    public void Remove(string key)
    {
        lock (_lock)
        {
            if (_items.Remove(key, out var item))
            {
                Tell(new Change(ChangeType.Deleted, item));
            }
        }
    }

    public async IAsyncEnumerable<Change> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<Change>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var item in _items.Values)
            {
                channel.Writer.TryWrite(new Change(ChangeType.Added, item));
            }

            channel.Writer.TryWrite(new Change(ChangeType.Synced, null));
            _watchers.Add(channel.Writer);
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(channel.Writer);
            }
        }
    }

    private void Tell(Change change) => _watchers.ForEach(w => w.TryWrite(change));

    /// <param name="Type">What happened.</param>
    /// <param name="Item">Null for SYNCED.</param>
    internal readonly record struct Change(ChangeType Type, T? Item);
}

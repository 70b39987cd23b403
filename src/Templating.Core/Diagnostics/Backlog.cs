using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Templating.Core.Diagnostics;

/// <summary>What waits for one reader: bounded in items and in bytes, and where items can be merged, one or two for each thing.</summary>
internal sealed class Backlog<T>(Merging<T>? merging)
{
    /// <summary>More than the largest list call returns at once, so that a reader still sending its first list is not cut off.</summary>
    public const int MaxItems = 4096;

    /// <summary>A small clone's view has half a KiB; one with as many labels as it may have 70 KiB.</summary>
    public const long MaxBytes = 4 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _latest = new(StringComparer.Ordinal);
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _bytes;

    /// <summary>False where there is no room.</summary>
    public bool TryAdd(T item)
    {
        lock (_lock)
        {
            var key = merging?.KeyOf(item);
            var bytes = merging?.BytesOf(item) ?? 0;
            if (key is not null && _latest.TryGetValue(key, out var latest) && merging!.Replaces(latest.Item, item))
            {
                _bytes += bytes - latest.Bytes;
                (latest.Item, latest.Bytes) = (item, bytes);
                return _bytes <= MaxBytes;
            }

            if (_entries.Count >= MaxItems || _bytes + bytes > MaxBytes)
            {
                return false;
            }

            var entry = new Entry { Item = item, Key = key, Bytes = bytes };
            _entries.Enqueue(entry);
            _bytes += bytes;
            if (key is not null)
            {
                _latest[key] = entry;
            }
        }

        _news.Writer.TryWrite(true);
        return true;
    }

    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        lock (_lock)
        {
            if (!_entries.TryDequeue(out var entry))
            {
                item = default;
                return false;
            }

            if (entry.Key is { } key && _latest.GetValueOrDefault(key) == entry)
            {
                _latest.Remove(key);
            }

            _bytes -= entry.Bytes;
            item = entry.Item;
            return true;
        }
    }

    /// <summary>Nothing more comes. What waits is dropped, for its reader may never come to it.</summary>
    public void Fail(Exception fault)
    {
        lock (_lock)
        {
            _entries.Clear();
            _latest.Clear();
            _bytes = 0;
        }

        _news.Writer.TryComplete(fault);
    }

    /// <summary>Waits for more. Throws the fault.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken) =>
        await _news.Reader.WaitToReadAsync(cancellationToken) && _news.Reader.TryRead(out _);

    private sealed class Entry
    {
        public required T Item { get; set; }

        public string? Key { get; init; }

        public long Bytes { get; set; }
    }
}

namespace Templating.Qemu.Console;

/// <summary>
/// The end of what a console printed. Readers have a place in it and nothing of their own, so that however many there are, and
/// however slow, a console costs the same; who falls behind loses the oldest bytes.
/// </summary>
internal sealed class ConsoleLog
{
    /// <summary>What is kept for whoever comes later.</summary>
    public const int TailBytes = 64 * 1024;

    /// <summary>What is kept while anybody reads: how far the slowest may be behind.</summary>
    public const int ReadBytes = 256 * 1024;

    private readonly Lock _lock = new();

    /// <summary>As large as what was printed needs: most clones print nothing, and there may be thousands.</summary>
    private byte[] _ring = [];

    /// <summary>Of all bytes that were printed, the first that is still here.</summary>
    private long _first;
    private long _total;
    private int _readers;
    private bool _ended;
    private TaskCompletionSource? _printed;

    /// <summary>What it takes in memory.</summary>
    public int HeldBytes => _ring.Length;

    private int Limit => _readers > 0 ? ReadBytes : TailBytes;

    public byte[] ReadTail()
    {
        lock (_lock)
        {
            return Copy(Math.Max(_first, _total - TailBytes), TailBytes);
        }
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        TaskCompletionSource? printed;
        lock (_lock)
        {
            if (bytes.Length > Limit)
            {
                bytes = bytes[^Limit..];
            }

            MakeRoom(bytes.Length);
            var at = (int)(_total % _ring.Length);
            var before = Math.Min(bytes.Length, _ring.Length - at);
            bytes[..before].CopyTo(_ring.AsSpan(at));
            bytes[before..].CopyTo(_ring);
            _total += bytes.Length;
            _first = Math.Max(_first, _total - _ring.Length);
            (printed, _printed) = (_printed, null);
        }

        printed?.TrySetResult();
    }

    /// <summary>Nothing more comes.</summary>
    public void End()
    {
        TaskCompletionSource? printed;
        lock (_lock)
        {
            _ended = true;
            (printed, _printed) = (_printed, null);
        }

        printed?.TrySetResult();
    }

    /// <summary>A reader begins.</summary>
    /// <returns>Its place: the end.</returns>
    public long Enter()
    {
        lock (_lock)
        {
            _readers++;
            return _total;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_readers == 0 && _ring.Length > TailBytes)
            {
                Resize(TailBytes);
            }
        }
    }

    /// <summary>What there is from a place on, at most so many bytes; empty at the end of all.</summary>
    /// <param name="place">Moved on behind what is returned.</param>
    /// <param name="most">How much is wanted at most.</param>
    /// <returns>Null where there is nothing yet; <paramref name="more"/> is done when there is.</returns>
    public byte[]? TryRead(ref long place, int most, out Task more)
    {
        lock (_lock)
        {
            more = Task.CompletedTask;
            if (place < _total)
            {
                var from = Math.Max(place, _first);
                var bytes = Copy(from, most);
                place = from + bytes.Length;
                return bytes;
            }

            if (_ended)
            {
                return [];
            }

            more = (_printed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return null;
        }
    }

    private byte[] Copy(long from, int most)
    {
        var copy = new byte[Math.Min(most, _total - from)];
        if (copy.Length > 0)
        {
            var at = (int)(from % _ring.Length);
            var before = Math.Min(copy.Length, _ring.Length - at);
            _ring.AsSpan(at, before).CopyTo(copy);
            _ring.AsSpan(0, copy.Length - before).CopyTo(copy.AsSpan(before));
        }

        return copy;
    }

    private void MakeRoom(int bytes)
    {
        var needed = _total - _first + bytes;
        if (needed > _ring.Length && _ring.Length < Limit)
        {
            Resize((int)Math.Min(Limit, Math.Max(needed, 2L * _ring.Length)));
        }
    }

    private void Resize(int size)
    {
        _first = Math.Max(_first, _total - size);
        var kept = Copy(_first, size);
        _ring = new byte[size];
        var at = (int)(_first % size);
        var before = Math.Min(kept.Length, size - at);
        kept.AsSpan(0, before).CopyTo(_ring.AsSpan(at));
        kept.AsSpan(before).CopyTo(_ring);
    }
}

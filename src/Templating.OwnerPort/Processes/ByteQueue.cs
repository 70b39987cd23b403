namespace Templating.OwnerPort.Processes;

/// <summary>
/// Bytes, first in, first out, in chunks: at most two of them hold less than they might, however small the pieces are in which bytes come and go.
/// </summary>
internal sealed class ByteQueue
{
    public const int LargestChunk = 16 * 1024;

    private const int FirstChunk = 512;

    private readonly Queue<byte[]> _chunks = new();
    private byte[] _last = [];
    private int _start;
    private int _end;

    /// <summary>How many bytes there are.</summary>
    public int Count { get; private set; }

    /// <summary>What they take in memory, in bytes.</summary>
    public int HeldBytes { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Count += bytes.Length;
        while (bytes.Length > 0)
        {
            if (_end == _last.Length)
            {
                _last = new byte[Math.Clamp(2 * _last.Length, FirstChunk, LargestChunk)];
                _chunks.Enqueue(_last);
                (_end, HeldBytes) = (0, HeldBytes + _last.Length);
            }

            var part = Math.Min(bytes.Length, _last.Length - _end);
            bytes[..part].CopyTo(_last.AsSpan(_end));
            _end += part;
            bytes = bytes[part..];
        }
    }

    /// <returns>How many of them: as many as there are and fit.</returns>
    public int Take(Span<byte> to)
    {
        var wanted = Math.Min(to.Length, Count);
        for (var left = to[..wanted]; left.Length > 0;)
        {
            var head = _chunks.Peek();
            var part = Math.Min(left.Length, (head == _last ? _end : head.Length) - _start);
            head.AsSpan(_start, part).CopyTo(left);
            _start += part;
            left = left[part..];
            if (head != _last && _start == head.Length)
            {
                _chunks.Dequeue();
                (_start, HeldBytes) = (0, HeldBytes - head.Length);
            }
        }

        Count -= wanted;
        if (Count == 0)
        {
            // The last chunk is kept for what comes next.
            (_start, _end) = (0, 0);
        }

        return wanted;
    }

    /// <returns>How many they were.</returns>
    public int Clear()
    {
        var count = Count;
        _chunks.Clear();
        (_last, _start, _end, Count, HeldBytes) = ([], 0, 0, 0, 0);
        return count;
    }
}

using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Processes;

/// <summary>
/// One of a process' outputs. What is not read stays in the window that both of them share, 262,144 bytes at most; when that is full
/// the process waits, and its end is not told. So both are read, or discarded.
/// </summary>
public sealed class GuestOutput
{
    private readonly Lock _lock = new();
    private readonly OutputCredit _credit;
    private readonly ByteQueue _bytes = new();
    private bool _over;
    private bool _discarding;
    private bool _reading;
    private OwnerPortException? _fault;
    private TaskCompletionSource? _news;

    internal GuestOutput(OutputCredit credit) => _credit = credit;

    /// <summary>What it takes in memory, in bytes.</summary>
    internal int HeldBytes => _bytes.HeldBytes;

    /// <summary>Waits for some; by one caller at a time.</summary>
    /// <returns>How many bytes; 0 at the end, which comes before the process' exit is told.</returns>
    /// <exception cref="OwnerPortException">The conversation ended, and what had come before has been read.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(to.Length, nameof(to));
        Begin();
        try
        {
            while (true)
            {
                if (TryRead(to.Span, out var got, out var news))
                {
                    if (got > 0)
                    {
                        _credit.Taken(got);
                    }

                    return got;
                }

                await news.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            lock (_lock)
            {
                _reading = false;
            }
        }
    }

    /// <summary>Up to its end.</summary>
    /// <exception cref="OwnerPortException">The conversation ended.</exception>
    public async Task CopyToAsync(Stream to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(to);
        var buffer = new byte[ByteQueue.LargestChunk];
        while (await ReadAsync(buffer, cancellationToken) is > 0 and var got)
        {
            await to.WriteAsync(buffer.AsMemory(0, got), cancellationToken);
        }
    }

    /// <summary>Nobody reads it: what is there and what comes is dropped, so that the process goes on.</summary>
    public void Discard()
    {
        int dropped;
        lock (_lock)
        {
            _discarding = true;
            dropped = _bytes.Clear();
        }

        if (dropped > 0)
        {
            _credit.Taken(dropped);
        }
    }

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        _credit.Came(bytes.Length);
        bool dropped;
        lock (_lock)
        {
            dropped = _discarding;
            if (!dropped)
            {
                _bytes.Add(bytes);
            }
        }

        if (dropped)
        {
            _credit.Taken(bytes.Length);
        }
        else
        {
            Tell();
        }
    }

    internal void Complete(OwnerPortException? fault)
    {
        lock (_lock)
        {
            (_over, _fault) = (true, _over ? _fault : fault);
        }

        Tell();
    }

    private void Begin()
    {
        lock (_lock)
        {
            _reading = _reading ? throw new InvalidOperationException("Another caller reads this output already.") : true;
        }
    }

    private bool TryRead(Span<byte> to, out int got, out Task news)
    {
        lock (_lock)
        {
            got = _bytes.Take(to);
            news = Task.CompletedTask;
            if (got > 0)
            {
                return true;
            }

            if (_fault is not null)
            {
                throw new OwnerPortException(_fault.Message, _fault);
            }

            if (!_over)
            {
                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }

            return _over;
        }
    }

    private void Tell()
    {
        TaskCompletionSource? news;
        lock (_lock)
        {
            (news, _news) = (_news, null);
        }

        news?.TrySetResult();
    }
}

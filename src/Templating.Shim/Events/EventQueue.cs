using Templating.Shim.Protocol.Forwarding;

namespace Templating.Shim.Events;

/// <summary>Events in their order, and a bound: when it is full, the oldest goes that is not the end of a process.</summary>
internal sealed class EventQueue
{
    /// <summary>containerd marks a container as ended by this one alone.</summary>
    public const string ExitTopic = "/tasks/exit";

    private readonly int _most;
    private readonly LinkedList<Envelope> _events = [];
    private readonly Lock _lock = new();
    private TaskCompletionSource? _filled;
    private TaskCompletionSource? _emptied;

    public EventQueue(int most) => _most = most;

    /// <returns>What went for it; null where there was room.</returns>
    public Envelope? Add(Envelope envelope)
    {
        Envelope? dropped = null;
        TaskCompletionSource? filled;
        lock (_lock)
        {
            _events.AddLast(envelope);
            if (_events.Count > _most)
            {
                var oldest = _events.First;
                while (oldest is { Value.Topic: ExitTopic })
                {
                    oldest = oldest.Next;
                }

                oldest ??= _events.First!;
                dropped = oldest.Value;
                _events.Remove(oldest);
            }

            (filled, _filled) = (_filled, null);
        }

        filled?.TrySetResult();
        return dropped;
    }

    /// <summary>The oldest, which stays until it is told to be <see cref="Done"/>.</summary>
    public async Task<Envelope> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task filled;
            lock (_lock)
            {
                if (_events.First is { } first)
                {
                    return first.Value;
                }

                filled = (_filled ??= New()).Task;
            }

            await filled.WaitAsync(cancellationToken);
        }
    }

    public void Done(Envelope envelope)
    {
        TaskCompletionSource? emptied = null;
        lock (_lock)
        {
            // It may have gone for another one in between; then it is not the first any more.
            if (ReferenceEquals(_events.First?.Value, envelope))
            {
                _events.RemoveFirst();
            }

            if (_events.Count == 0)
            {
                (emptied, _emptied) = (_emptied, null);
            }
        }

        emptied?.TrySetResult();
    }

    public Task EmptyAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _events.Count == 0 ? Task.CompletedTask : (_emptied ??= New()).Task.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

using Templating.Contract;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;

namespace Templating.Operator.Queues;

/// <summary>
/// Keys to work on. A key waits once however often it is added; one that is added while it is worked on comes again
/// afterwards; it is never given to two workers at once. Some may go first, and have workers of their own, and still the others get their turn.
/// </summary>
internal sealed class WorkQueue : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly Action<int> _depth;
    private readonly Lock _lock = new();
    private readonly Func<ObjectKey, bool> _goesFirst;
    private readonly int _mostOthers;
    private readonly Lines _lines = new();
    private readonly Queue<Taker> _takers = new();
    private readonly Dictionary<ObjectKey, long> _waiting = [];

    /// <summary>Whether each goes first.</summary>
    private readonly Dictionary<ObjectKey, bool> _working = [];
    private readonly HashSet<ObjectKey> _again = [];
    private readonly Dictionary<ObjectKey, int> _failures = [];
    private readonly Dictionary<ObjectKey, TimeSpan> _later = [];
    private readonly PriorityQueue<ObjectKey, TimeSpan> _alarms = new();
    private readonly ITimer _timer;
    private int _others;
    private bool _isDisposed;

    /// <param name="backoff">Of <see cref="Retry"/>.</param>
    /// <param name="depth">Told by how many the number of waiting keys changed; cheap.</param>
    /// <param name="time">Of delays.</param>
    /// <param name="goesFirst">Whether a key that begins to wait overtakes others; cheap. Null is none.</param>
    /// <param name="mostOthers">Of those that do not go first so many at most are worked on at once, whoever has nothing to do.</param>
    public WorkQueue(Backoff backoff, Action<int> depth, TimeProvider time, Func<ObjectKey, bool>? goesFirst = null, int mostOthers = int.MaxValue)
    {
        (_backoff, _depth, _time, _goesFirst, _mostOthers) = (backoff, depth, time, goesFirst ?? (_ => false), mostOthers);
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(ObjectKey key) => AddAfter(key, TimeSpan.Zero);

    /// <summary>The soonest of several such calls counts.</summary>
    public void AddAfter(ObjectKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (delay <= TimeSpan.Zero)
            {
                _later.Remove(key);
                Enqueue(key);
                return;
            }

            var due = _time.Steady() + delay;
            if (_waiting.ContainsKey(key) || _again.Contains(key) || (_later.TryGetValue(key, out var sooner) && sooner <= due))
            {
                return;
            }

            _later[key] = due;
            _alarms.Enqueue(key, due);
            SetTimer();
        }
    }

    /// <summary>Comes again after a delay that grows with each failure in a row.</summary>
    /// <returns>The failures in a row, from 1.</returns>
    public int Retry(ObjectKey key)
    {
        int failures;
        lock (_lock)
        {
            _failures[key] = failures = _failures.GetValueOrDefault(key) + 1;
        }

        AddAfter(key, _backoff.Delay(failures));
        return failures;
    }

    /// <summary>The failures so far no longer count.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_lock)
        {
            _failures.Remove(key);
        }
    }

    /// <summary>Waits for a key; <see cref="Done"/> must follow.</summary>
    /// <returns>The key and how long it waited.</returns>
    public async Task<(ObjectKey Key, TimeSpan Waited)> TakeAsync(CancellationToken cancellationToken)
    {
        var taker = new Taker(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _takers.Enqueue(taker);
            Serve();
        }

        await using (cancellationToken.UnsafeRegister(_ => Leave(taker, cancellationToken), null))
        {
            return await taker.Task;
        }
    }

    public void Done(ObjectKey key)
    {
        lock (_lock)
        {
            if (_working.Remove(key, out var first) && !first)
            {
                _others--;
            }

            if (_again.Remove(key))
            {
                _later.Remove(key);
                Enqueue(key);
            }

            Serve();
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _depth(-_waiting.Count);
            _waiting.Clear();
            _lines.Clear();
            while (_takers.TryDequeue(out var taker))
            {
                taker.TrySetCanceled();
            }
        }

        return _timer.DisposeAsync();
    }

    private void Enqueue(ObjectKey key)
    {
        if (_working.ContainsKey(key))
        {
            _again.Add(key);
            return;
        }

        if (!_isDisposed && _lines.Add(key, _goesFirst(key)))
        {
            _waiting[key] = _time.GetTimestamp();
            _depth(1);
            Serve();
        }
    }

    /// <summary>Gives to those who wait for a key what may be worked on now.</summary>
    private void Serve()
    {
        while (_takers.TryPeek(out var taker))
        {
            if (taker.Task.IsCompleted)
            {
                _takers.Dequeue();
                continue;
            }

            if (!_lines.TryTake(_others < _mostOthers, out var key))
            {
                return;
            }

            // By what it is now: while it waited its VM may have become ready.
            var first = _goesFirst(key);
            _others += first ? 0 : 1;
            _working.Add(key, first);
            _waiting.Remove(key, out var since);
            _depth(-1);
            _takers.Dequeue().SetResult((key, _time.GetElapsedTime(since)));
        }
    }

    /// <summary>Under the lock, so that none leaves while it is given a key.</summary>
    private void Leave(Taker taker, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            taker.TrySetCanceled(cancellationToken);
        }
    }

    private void Ring()
    {
        lock (_lock)
        {
            var now = _time.Steady();
            while (_alarms.TryPeek(out var key, out var due) && due <= now)
            {
                _alarms.Dequeue();
                // An alarm that was overtaken by a sooner one, or by an Add, is void.
                if (_later.TryGetValue(key, out var current) && current == due)
                {
                    _later.Remove(key);
                    Enqueue(key);
                }
            }

            SetTimer();
        }
    }

    private void SetTimer()
    {
        if (_alarms.TryPeek(out _, out var due))
        {
            var wait = due - _time.Steady();
            // Timers count whole milliseconds: rounded up, or it rings too early and again at once.
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Taker(TaskCreationOptions options) : TaskCompletionSource<(ObjectKey Key, TimeSpan Waited)>(options);
}

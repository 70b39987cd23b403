using System.Threading.Channels;
using Templating.Contract;
using Templating.Operator.Cluster;

namespace Templating.Operator.Queues;

/// <summary>
/// Keys to work on. A key waits once however often it is added; one that is added while it is worked on comes again
/// afterwards; it is never given to two workers at once. Some may go first, and still the others get their turn.
/// </summary>
internal sealed class WorkQueue : IAsyncDisposable
{
    /// <summary>How many that came before it a key overtakes that goes first; as many that come after it overtake another.</summary>
    public const int HeadStart = 5000;

    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly Action<int> _depth;
    private readonly Lock _lock = new();
    private readonly Func<ObjectKey, bool> _goesFirst;
    private readonly Channel<(long Turn, ObjectKey Key)> _ready = Channel.CreateUnboundedPrioritized<(long Turn, ObjectKey Key)>(
        new UnboundedPrioritizedChannelOptions<(long Turn, ObjectKey Key)> { Comparer = Comparer<(long Turn, ObjectKey Key)>.Create((a, b) => a.Turn.CompareTo(b.Turn)) });
    private readonly Dictionary<ObjectKey, long> _waiting = [];
    private readonly HashSet<ObjectKey> _working = [];
    private readonly HashSet<ObjectKey> _again = [];
    private readonly Dictionary<ObjectKey, int> _failures = [];
    private readonly Dictionary<ObjectKey, TimeSpan> _later = [];
    private readonly PriorityQueue<ObjectKey, TimeSpan> _alarms = new();
    private readonly ITimer _timer;
    private long _turns;

    /// <param name="backoff">Of <see cref="Retry"/>.</param>
    /// <param name="depth">Told by how many the number of waiting keys changed; cheap.</param>
    /// <param name="time">Of delays.</param>
    /// <param name="goesFirst">Whether a key that begins to wait overtakes others; cheap. Null is none.</param>
    public WorkQueue(Backoff backoff, Action<int> depth, TimeProvider time, Func<ObjectKey, bool>? goesFirst = null)
    {
        (_backoff, _depth, _time, _goesFirst) = (backoff, depth, time, goesFirst ?? (_ => false));
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(ObjectKey key)
    {
        lock (_lock)
        {
            _later.Remove(key);
            Enqueue(key);
        }
    }

    /// <summary>The soonest of several such calls counts.</summary>
    public void AddAfter(ObjectKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (delay <= TimeSpan.Zero)
            {
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
        var (_, key) = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _waiting.Remove(key, out var since);
            _working.Add(key);
            _depth(-1);
            return (key, _time.GetElapsedTime(since));
        }
    }

    public void Done(ObjectKey key)
    {
        lock (_lock)
        {
            _working.Remove(key);
            if (_again.Remove(key))
            {
                _later.Remove(key);
                Enqueue(key);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _depth(-_waiting.Count);
            _waiting.Clear();
            _ready.Writer.TryComplete();
        }

        return _timer.DisposeAsync();
    }

    private void Enqueue(ObjectKey key)
    {
        if (_working.Contains(key))
        {
            _again.Add(key);
        }
        // A bounded head start, not a second line: none waits for ever.
        else if (!_waiting.ContainsKey(key) && _ready.Writer.TryWrite((2 * _turns++ - (_goesFirst(key) ? (2 * HeadStart) + 1 : 0), key)))
        {
            _waiting[key] = _time.GetTimestamp();
            _depth(1);
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
}

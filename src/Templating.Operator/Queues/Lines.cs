using Templating.Operator.Cluster;

namespace Templating.Operator.Queues;

/// <summary>
/// The order in which waiting keys get their turn. Some go first: a bounded head start, so that none waits for ever. Not safe for threads.
/// </summary>
internal sealed class Lines
{
    /// <summary>How many that came before it a key overtakes that goes first; as many that come after it overtake another.</summary>
    public const int HeadStart = 5000;

    private readonly PriorityQueue<ObjectKey, long> _first = new();
    private readonly PriorityQueue<ObjectKey, long> _others = new();

    /// <summary>A key that was moved to the other line has left its place in its old one, which is void.</summary>
    private readonly Dictionary<ObjectKey, long> _turns = [];
    private long _next;

    /// <summary>One that waits already keeps its place, but for one that goes first from now on.</summary>
    /// <returns>Whether it did not wait before.</returns>
    public bool Add(ObjectKey key, bool goesFirst)
    {
        var waited = _turns.TryGetValue(key, out var before);
        if (waited && (!goesFirst || IsFirst(before)))
        {
            return false;
        }

        var turn = (2 * _next++) - (goesFirst ? (2 * HeadStart) + 1 : 0);
        (goesFirst ? _first : _others).Enqueue(key, turn);
        _turns[key] = turn;
        return !waited;
    }

    /// <param name="others">Whether one that does not go first may be taken.</param>
    public bool TryTake(bool others, out ObjectKey key)
    {
        var first = Next(_first);
        var other = others ? Next(_others) : null;
        var line = first is null ? other is null ? null : _others
            : other < first ? _others : _first;
        key = line?.Dequeue() ?? default;
        return line is not null && _turns.Remove(key);
    }

    public void Clear()
    {
        _first.Clear();
        _others.Clear();
        _turns.Clear();
    }

    /// <summary>Odd turns are of those that go first, even ones of the others.</summary>
    private static bool IsFirst(long turn) => (turn & 1) != 0;

    private long? Next(PriorityQueue<ObjectKey, long> line)
    {
        while (line.TryPeek(out var key, out var turn))
        {
            if (_turns.TryGetValue(key, out var current) && current == turn)
            {
                return turn;
            }

            line.Dequeue();
        }

        return null;
    }
}

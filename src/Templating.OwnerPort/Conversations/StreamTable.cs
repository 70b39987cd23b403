using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Conversations;

/// <summary>Who waits on which stream.</summary>
internal sealed class StreamTable
{
    /// <summary>
    /// Answers that callers no longer wait for. Each keeps its stream until it comes; a guest that owes so many gives none.
    /// </summary>
    public const int Abandoned = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Entry> _entries = [];
    private uint _last;
    private int _abandoned;
    private OwnerPortException? _fault;

    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    public uint Open(IFrameTarget target) => TryOpen(target, int.MaxValue)!.Value;

    /// <returns>Null where as many of that kind are there already.</returns>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    public uint? TryOpen<T>(T target, int most)
        where T : IFrameTarget
    {
        lock (_lock)
        {
            if (_fault is not null)
            {
                throw new OwnerPortException(_fault.Message, _fault);
            }

            if (_entries.Values.Count(entry => entry.Target is T) >= most)
            {
                return null;
            }

            do
            {
                _last = _last == uint.MaxValue ? 1 : _last + 1;
            }
            while (!_entries.TryAdd(_last, new Entry(target, IsAbandoned: false)));

            return _last;
        }
    }

    public void Close(uint stream)
    {
        lock (_lock)
        {
            _abandoned -= _entries.Remove(stream, out var entry) && entry.IsAbandoned ? 1 : 0;
        }
    }

    /// <summary>Nobody waits on it any more; what comes is still the guest's answer, and its stream is not given to another before.</summary>
    /// <returns>Whether the guest owes no more than it may.</returns>
    public bool Abandon(uint stream)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(stream, out var entry) && !entry.IsAbandoned)
            {
                _entries[stream] = entry with { IsAbandoned = true };
                _abandoned++;
            }

            return _abandoned <= Abandoned;
        }
    }

    public IFrameTarget? Find(uint stream)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(stream, out var entry) ? entry.Target : null;
        }
    }

    /// <summary>Once: all that wait fail, and whoever comes afterwards does.</summary>
    public void Fail(OwnerPortException fault)
    {
        IFrameTarget[] waiting;
        lock (_lock)
        {
            _fault = fault;
            waiting = [.. _entries.Values.Select(entry => entry.Target)];
            _entries.Clear();
        }

        foreach (var target in waiting)
        {
            target.Fail(fault);
        }
    }

    private readonly record struct Entry(IFrameTarget Target, bool IsAbandoned);
}

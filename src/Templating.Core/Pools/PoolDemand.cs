using Templating.Contract;

namespace Templating.Core.Pools;

/// <summary>How many clones could have been served of late.</summary>
internal sealed class PoolDemand(TimeProvider time)
{
    /// <summary>Longer than a node takes to start as many as one minute's demand asks for again.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Queue<TimeSpan> _takes = new();

    public void Add()
    {
        _takes.Enqueue(time.Steady());
        if (_takes.Count > PoolRules.MostWaiting)
        {
            // No pool is larger.
            _takes.Dequeue();
        }
    }

    public int Count()
    {
        while (_takes.TryPeek(out var oldest) && time.Steady() - oldest > Window)
        {
            _takes.Dequeue();
        }

        return _takes.Count;
    }
}

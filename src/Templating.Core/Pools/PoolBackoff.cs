using Templating.Contract;

namespace Templating.Core.Pools;

/// <summary>Starts that fail are tried again later and later; one that succeeds, and is taken, makes the next failure the first again.</summary>
internal sealed class PoolBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Most = TimeSpan.FromMinutes(5);

    private int _failures;
    private TimeSpan _until;

    public bool IsOver => _failures == 0 || time.Steady() >= _until;

    /// <summary>What failed last; null while nothing has, or since all is well again.</summary>
    public string? Reason { get; private set; }

    public TimeSpan Left => IsOver ? TimeSpan.Zero : _until - time.Steady();

    public void Failed(string reason)
    {
        Reason = reason;
        var delay = First * Math.Pow(2, Math.Min(_failures++, 30));
        _until = time.Steady() + (delay < Most ? delay : Most);
    }

    public void Succeeded() => (_failures, Reason) = (0, null);
}

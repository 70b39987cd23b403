namespace Templating.Shim.Host;

/// <summary>
/// Gives back to the host what a burst of work has taken: a pod's shim does nothing for most of its life, and there is one for each pod.
/// </summary>
internal sealed class IdleMemory : IDisposable
{
    /// <summary>Long enough for what belongs to the same burst: a pod's containers are created one after the other.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);

    private readonly ITimer _timer;

    public IdleMemory(TimeProvider clock) =>
        _timer = clock.CreateTimer(
            static _ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Something was done.</summary>
    public void Touch() => _timer.Change(Idle, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();
}

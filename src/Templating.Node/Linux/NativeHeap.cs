using Templating.Core.Linux;

namespace Templating.Node.Linux;

/// <summary>
/// Keeps glibc from giving every thread a heap of its own. The daemon allocates little there, but each of those heaps
/// stays resident once touched: with 20 clones they were 6 of 57 MiB.
/// </summary>
internal static class NativeHeap
{
    /// <summary>To be called before the daemon's threads start. What the C library refuses stays as it was.</summary>
    public static void UseOneArena() => _ = MemoryCalls.SetAllocator(MemoryCalls.ArenaMax, 1);
}

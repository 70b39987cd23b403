using System.Runtime.InteropServices;

namespace Templating.Node.Linux;

/// <summary>
/// Keeps glibc from giving every thread a heap of its own. The daemon allocates little there, but each of those heaps
/// stays resident once touched: with 20 clones they were 6 of 57 MiB.
/// </summary>
internal static partial class NativeHeap
{
    // M_ARENA_MAX in malloc.h; see mallopt(3).
    private const int ArenaMax = -8;

    /// <summary>To be called before the daemon's threads start. What the C library refuses stays as it was.</summary>
    public static void UseOneArena() => _ = SetOption(ArenaMax, 1);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int parameter, int value);
}

using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>madvise(2) and mallopt(3).</summary>
internal static partial class MemoryCalls
{
    public const int DontNeed = 4;              // MADV_DONTNEED
    public const int ArenaMax = -8;             // M_ARENA_MAX

    [LibraryImport("libc", EntryPoint = "madvise")]
    internal static partial int Advise(nuint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    internal static partial int SetAllocator(int parameter, int value);
}

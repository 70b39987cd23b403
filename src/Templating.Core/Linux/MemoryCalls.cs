using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>mmap(2), madvise(2) and mallopt(3).</summary>
internal static partial class MemoryCalls
{
    public const int DontNeed = 4;              // MADV_DONTNEED
    public const int ArenaMax = -8;             // M_ARENA_MAX

    public const int PopulateWrite = 23;        // MADV_POPULATE_WRITE, Linux 5.14
    public const int ProtectRead = 1;           // PROT_READ
    public const int ProtectReadWrite = 1 | 2;  // PROT_READ | PROT_WRITE
    public const int MapPrivate = 2;            // MAP_PRIVATE
    public const nint MapFailed = -1;           // MAP_FAILED

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nuint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    internal static partial int SetAllocator(int parameter, int value);
}

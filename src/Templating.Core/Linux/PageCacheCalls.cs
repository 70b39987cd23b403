using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>posix_fadvise(3) and mincore(2).</summary>
internal static partial class PageCacheCalls
{
    public const int WillNeed = 3;      // POSIX_FADV_WILLNEED
    public const int DontNeed = 4;      // POSIX_FADV_DONTNEED

    /// <returns>0, or an error's number.</returns>
    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    /// <param name="address">Of a mapping.</param>
    /// <param name="length">Of a page at most.</param>
    /// <param name="resident">Odd where it is in memory.</param>
    [LibraryImport("libc", EntryPoint = "mincore", SetLastError = true)]
    internal static partial int Look(nint address, nuint length, out byte resident);
}

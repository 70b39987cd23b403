using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>What the kernel has of a file in memory.</summary>
internal static class PageCache
{
    private const int Page = 4096;

    /// <summary>
    /// Whether the page there is not in memory. False where the kernel does not say. By mincore(2): a read that does not wait has the kernel
    /// read ahead.
    /// </summary>
    public static bool Lacks(SafeFileHandle file, long offset)
    {
        var mapping = MemoryCalls.Map(0, Page, MemoryCalls.ProtectRead, MemoryCalls.MapPrivate, file, offset / Page * Page);
        if (mapping == MemoryCalls.MapFailed)
        {
            return false;
        }

        var lacks = PageCacheCalls.Look(mapping, Page, out var resident) == 0 && (resident & 1) == 0;
        _ = MemoryCalls.Unmap(mapping, Page);
        return lacks;
    }

    /// <summary>Asks for it to be read. What is there already costs a look; the kernel may do less than asked.</summary>
    public static void ReadAhead(SafeFileHandle file, long offset, long length) =>
        _ = PageCacheCalls.Advise(file, offset, length, PageCacheCalls.WillNeed);

    /// <summary>Lets go of what is unchanged and not mapped.</summary>
    public static void Drop(SafeFileHandle file) => _ = PageCacheCalls.Advise(file, 0, 0, PageCacheCalls.DontNeed);
}

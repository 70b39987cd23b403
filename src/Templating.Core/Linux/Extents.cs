using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>Where a file has data and where holes, as far as its filesystem knows; where it does not, all is data.</summary>
internal static class Extents
{
    /// <summary>Where data begins at or after; <paramref name="length"/> when only a hole is left.</summary>
    public static long NextData(SafeFileHandle file, long offset, long length)
    {
        var found = LibC.Seek(file, offset, LibC.SeekData);
        if (found >= 0)
        {
            return Math.Clamp(found, offset, length);
        }

        // ENXIO: nothing but a hole up to the end. Anything else: a filesystem that does not know; all is data then.
        return Marshal.GetLastPInvokeError() == Errno.NoSuchAddress ? length : offset;
    }

    public static long NextHole(SafeFileHandle file, long offset, long length)
    {
        var found = LibC.Seek(file, offset, LibC.SeekHole);
        return found > offset ? Math.Min(found, length) : length;
    }
}

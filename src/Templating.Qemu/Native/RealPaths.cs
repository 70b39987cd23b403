using System.Runtime.InteropServices;

namespace Templating.Qemu.Native;

internal static unsafe class RealPaths
{
    /// <summary>The path as the kernel names it in /proc: absolute and without symbolic links.</summary>
    public static string Of(string path)
    {
        var buffer = stackalloc byte[4096]; // PATH_MAX
        return Libc.RealPath(path, buffer) == null
            ? throw NativeError.Last($"Cannot resolve the path '{path}'")
            : Marshal.PtrToStringUTF8((nint)buffer)!;
    }
}

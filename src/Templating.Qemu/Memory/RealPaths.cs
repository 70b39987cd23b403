using System.Runtime.InteropServices;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Memory;

internal static unsafe class RealPaths
{
    /// <summary>The path as the kernel names it in /proc: absolute and without symbolic links.</summary>
    public static string Of(string path)
    {
        var buffer = stackalloc byte[4096]; // PATH_MAX
        return LibC.RealPath(path, buffer) == null
            ? throw NativeError.Last($"Cannot resolve the path '{path}'")
            : Marshal.PtrToStringUTF8((nint)buffer)!;
    }
}

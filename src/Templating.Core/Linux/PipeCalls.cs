using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>Reads and writes of pipes that were opened not to wait.</summary>
internal static unsafe class PipeCalls
{
    /// <returns>0 at its end; null when there is nothing yet.</returns>
    public static int? TryRead(SafeFileHandle pipe, Span<byte> buffer, string path)
    {
        fixed (byte* first = buffer)
        {
            return Result(DescriptorCalls.Read(pipe, first, buffer.Length), "read", path);
        }
    }

    /// <returns>How many bytes it took; null when it is full.</returns>
    public static int? TryWrite(SafeFileHandle pipe, ReadOnlySpan<byte> bytes, string path)
    {
        fixed (byte* first = bytes)
        {
            return Result(DescriptorCalls.Write(pipe, first, bytes.Length), "write to", path);
        }
    }

    private static int? Result(nint count, string verb, string path)
    {
        if (count >= 0)
        {
            return (int)count;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.Again or Errno.Interrupted ? null : throw FileSystem.Error(error, verb, path);
    }
}

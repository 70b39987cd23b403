using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>A process by its descriptor (pidfd_open(2)), which stays that process's whatever becomes of its number. Readable once it has ended.</summary>
internal static unsafe class ProcessFile
{
    /// <returns>Null where there is no such process.</returns>
    /// <exception cref="IOException">No descriptor is to be had.</exception>
    public static SafeFileHandle? Open(int pid)
    {
        var descriptor = ProcessCalls.PidFdOpen(pid);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NoProcess or Errno.Invalid ? null : throw FileSystem.Error(error, "watch", $"the process {pid}");
    }

    public static bool HasEnded(SafeFileHandle process)
    {
        var one = new DescriptorCalls.PollDescriptor { Fd = process.DangerousGetHandle().ToInt32(), Events = DescriptorCalls.PollIn };
        return DescriptorCalls.Poll(&one, 1, 0) > 0;
    }

    /// <summary>One that has ended is none the worse.</summary>
    public static void Kill(SafeFileHandle process) =>
        _ = ProcessCalls.PidFdSendSignal(process.DangerousGetHandle().ToInt32(), ProcessCalls.SignalKill);
}

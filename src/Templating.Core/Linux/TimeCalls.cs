using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>Clocks of the kernel.</summary>
internal static partial class TimeCalls
{
    [LibraryImport("libc", SetLastError = true, EntryPoint = "clock_gettime")]
    internal static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>struct timespec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        public long Seconds;

        public long Nanoseconds;
    }
}

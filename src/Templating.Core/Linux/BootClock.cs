using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>
/// What it measures goes on while the host sleeps and whatever its wall clock is set to, and means the same to every process of this
/// boot (CLOCK_BOOTTIME, clock_gettime(2)): what a daemon writes of it, the next one can read.
/// </summary>
internal sealed class BootClock : TimeProvider
{
    private const int BootTime = 7;

    private BootClock()
    {
    }

    public static BootClock Instance { get; } = new();

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => TimeCalls.GetTime(BootTime, out var time) == 0
        ? (time.Seconds * TimestampFrequency) + time.Nanoseconds
        : throw new Win32Exception(Marshal.GetLastPInvokeError());
}

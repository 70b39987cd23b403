namespace Templating.Contract;

/// <summary>
/// What orders and durations within a process are measured by. The wall clock is set back and forth (by NTP, by people, by a host
/// that resumes): it is for what people read and for what other machines are told.
/// </summary>
public static class SteadyClock
{
    /// <summary>Since some moment before; never goes back, and says nothing outside of this process.</summary>
    /// <remarks>In whole numbers: <see cref="TimeProvider.GetElapsedTime(long)"/> is by a floating one, which of a clock that counts from long ago loses ticks.</remarks>
    public static TimeSpan Steady(this TimeProvider time)
    {
        var (seconds, rest) = Math.DivRem(time.GetTimestamp(), time.TimestampFrequency);
        return new TimeSpan((seconds * TimeSpan.TicksPerSecond) + (rest * TimeSpan.TicksPerSecond / time.TimestampFrequency));
    }
}

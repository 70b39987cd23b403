namespace Templating.Contract;

/// <summary>
/// What orders and durations within a process are measured by. The wall clock is set back and forth (by NTP, by people, by a host
/// that resumes): it is for what people read and for what other machines are told.
/// </summary>
public static class SteadyClock
{
    /// <summary>Since some moment before; never goes back, and says nothing outside of this process.</summary>
    public static TimeSpan Steady(this TimeProvider time) => time.GetElapsedTime(0);
}

using Google.Protobuf.WellKnownTypes;

namespace Templating.Api.Wire;

/// <summary>
/// Times of a peer that may send any numbers. Protobuf's own conversions throw for what duration.proto and timestamp.proto do not
/// allow, and a message may hold it all the same.
/// </summary>
public static class WireTimes
{
    // duration.proto and timestamp.proto: 10,000 years, and the years 1 to 9999.
    private const long MostSeconds = 315_576_000_000;
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private const int MostNanos = 999_999_999;

    /// <summary>Whether it may be converted, and written as JSON.</summary>
    public static bool IsSound(this Duration duration)
    {
        ArgumentNullException.ThrowIfNull(duration);
        return duration is { Seconds: >= -MostSeconds and <= MostSeconds, Nanos: >= -MostNanos and <= MostNanos }
            && (duration.Seconds == 0 || duration.Nanos == 0 || duration.Seconds > 0 == duration.Nanos > 0);
    }

    /// <inheritdoc cref="IsSound(Duration)"/>
    public static bool IsSound(this Timestamp timestamp)
    {
        ArgumentNullException.ThrowIfNull(timestamp);
        return timestamp is { Seconds: >= FirstSecond and <= LastSecond, Nanos: >= 0 and <= MostNanos };
    }

    /// <summary>Null where it is unset or none.</summary>
    public static TimeSpan? ToTimeSpanOrNull(this Duration? duration) => duration?.IsSound() == true ? duration.ToTimeSpan() : null;

    /// <summary>Null where it is unset or none.</summary>
    public static DateTimeOffset? ToTimeOrNull(this Timestamp? timestamp) => timestamp?.IsSound() == true ? timestamp.ToDateTimeOffset() : null;
}

using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Wire;

namespace Templating.Cli.Output;

internal static class Age
{
    /// <summary>One unit, as kubectl has it: 5s, 3m, 2h, 4d.</summary>
    public static string Of(Timestamp? time, TimeProvider clock) =>
        time.ToTimeOrNull() is { } then ? Write(clock.GetUtcNow() - then) : "";

    /// <summary>How long it is to that time, so too.</summary>
    public static string Until(Timestamp? time, TimeProvider clock) =>
        time.ToTimeOrNull() is { } then ? Write(then - clock.GetUtcNow()) : "";

    private static string Write(TimeSpan age) => age switch
    {
        // The node's clock may be a little ahead of ours.
        { TotalSeconds: < 0 } => "0s",
        { TotalMinutes: < 2 } => Whole(age.TotalSeconds, "s"),
        { TotalHours: < 2 } => Whole(age.TotalMinutes, "m"),
        { TotalDays: < 2 } => Whole(age.TotalHours, "h"),
        _ => Whole(age.TotalDays, "d"),
    };

    private static string Whole(double value, string unit) => Math.Floor(value).ToString("0", CultureInfo.InvariantCulture) + unit;
}

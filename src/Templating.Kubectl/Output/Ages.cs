using System.Globalization;

namespace Templating.Kubectl.Output;

internal static class Ages
{
    /// <summary>One unit, as kubectl has it: 5s, 3m, 2h, 4d.</summary>
    public static string Of(DateTime? since, TimeProvider time)
    {
        if (since is not { } start)
        {
            return "";
        }

        var age = time.GetUtcNow().UtcDateTime - start;
        var (count, unit) = age switch
        {
            // The server's clock may be a little ahead of ours.
            { Ticks: < 0 } => (0, "s"),
            { TotalMinutes: < 2 } => (age.TotalSeconds, "s"),
            { TotalHours: < 2 } => (age.TotalMinutes, "m"),
            { TotalDays: < 2 } => (age.TotalHours, "h"),
            _ => (age.TotalDays, "d"),
        };
        return Math.Floor(count).ToString("0", CultureInfo.InvariantCulture) + unit;
    }
}

using System.Buffers;
using System.Globalization;

namespace Templating.Contract;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1h30m</c>.</summary>
public static class DurationText
{
    public const string Allowed = "numbers with ms, s, m, h or d, such as 500ms, 30s, 2m or 1h30m";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <returns>False where it is no such text, or longer than a <see cref="TimeSpan"/> can be.</returns>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length == 0)
        {
            return false;
        }

        decimal ticks = 0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..];
            var end = rest.IndexOfAnyInRange('0', '9');
            var unit = end < 0 ? rest : rest[..end];
            // 100 million days is beyond what a TimeSpan holds, and far below what a decimal does.
            if (TicksOf(unit) is not { } perUnit || number > 100_000_000_000_000)
            {
                return false;
            }

            ticks += number * perUnit;
            rest = rest[unit.Length..];
        }

        if (ticks > TimeSpan.MaxValue.Ticks)
        {
            return false;
        }

        duration = new TimeSpan((long)ticks);
        return true;
    }

    /// <summary>Short and for people: the two largest units.</summary>
    public static string Format(TimeSpan value) => value switch
    {
        { Ticks: < 0 } => "0s",
        { TotalSeconds: < 1 } => value.TotalMilliseconds.ToString("0.#", CultureInfo.InvariantCulture) + "ms",
        { TotalMinutes: < 1 } => value.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + "s",
        { TotalHours: < 1 } => $"{value.Minutes}m{value.Seconds}s",
        { TotalDays: < 1 } => $"{value.Hours}h{value.Minutes}m",
        _ => $"{(int)value.TotalDays}d{value.Hours}h",
    };

    private static long? TicksOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        "d" => TimeSpan.TicksPerDay,
        _ => null,
    };
}

using System.Text;
using Templating.Api.Wire;
using Templating.V1;

namespace Templating.Cli.Output;

/// <summary>The phases of a start as one bar: each as wide as its part of the whole, and at least one character. What took less than half a per cent is left out.</summary>
internal static class PhaseBar
{
    public const int Width = 60;

    // Told apart without colours too: terminals, logs and screen readers have them all.
    private const string Fills = "░▒▓█";

    public static string Of(IReadOnlyList<Phase> phases)
    {
        var times = phases.Select(p => p.Duration.ToTimeSpanOrNull() ?? TimeSpan.Zero).ToArray();
        var sum = times.Aggregate(TimeSpan.Zero, (all, one) => all + one);
        if (sum <= TimeSpan.Zero)
        {
            return "";
        }

        var bar = new StringBuilder();
        var legend = new List<string>();
        for (var i = 0; i < times.Length; i++)
        {
            var part = times[i] / sum;
            if (part < 0.005)
            {
                continue;
            }

            var fill = Fills[legend.Count % Fills.Length];
            bar.Append(fill, Math.Max(1, (int)Math.Round(part * Width)));
            legend.Add($"{fill} {phases[i].Name} {part * 100:0}%");
        }

        return $"{bar}  {string.Join("  ", legend)}";
    }
}

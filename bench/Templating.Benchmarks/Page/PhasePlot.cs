using System.Globalization;
using System.Xml.Linq;
using static Templating.Benchmarks.Page.Html;

namespace Templating.Benchmarks.Page;

/// <summary>Of what a start's time consists, side by side: medians of its phases, and what is none of them.</summary>
internal static class PhasePlot
{
    private const double Left = 170;
    private const double Bar = 26;
    private const double Line = 40;
    private const double Top = 8;
    private const double Bottom = 48;

    private static readonly (string Name, string Samples)[] Rows =
    [
        ("from restored", "pool.restored.running"), ("from prepared", "pool.prepared.running"), ("from blank", "blank.running"),
        ("cold clone", "clone.running"), ("bare QEMU", "bare.running"), ("Kata's way", "kata.running"),
        ("clone to ready", "clone.ready"), ("bare QEMU to ready", "bare.ready"),
    ];

    private static readonly string[] Phases = ["take", "queue", "verify", "bind", "qemu_start", "restore", "resume", "identity"];

    public static XElement? Figure(Samples samples)
    {
        var rows = Rows.Where(r => samples.Has(r.Samples)).Select(r => (r.Name, Parts: Parts(samples, r.Samples))).ToArray();
        if (rows.Length == 0)
        {
            return null;
        }

        var axis = Axis.FromZero(rows.Select(r => r.Parts.Sum()));
        var height = Top + (rows.Length * Line) + Bottom;
        string[] legend = [.. Phases, "the rest"];
        const string name = "Where the time of a start goes";
        return FigureElement.Of(
            name,
            El(
                "svg", At("role", "img"), At("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Frame.Width} {height}")),
                At("aria-label", $"{name}. {string.Join(". ", rows.Select(r => $"{r.Name}: {string.Join(", ", r.Parts.Zip(legend, (ms, phase) => $"{phase} {Numbers.Text(ms)} ms"))}"))}."),
                axis.Ticks.Select(tick => El(
                    "g",
                    El("line", At("class", "grid"), At("x1", X(axis, tick)), At("y1", Top), At("x2", X(axis, tick)), At("y2", height - Bottom)),
                    Frame.Text(X(axis, tick), height - Bottom + 18, "middle", Numbers.Tick(tick)))),
                Frame.Text((Left + Frame.Width) / 2, height - 8, "middle", "ms, medians"),
                rows.Select((row, i) => Stack(axis, row.Name, row.Parts, Top + (i * Line)))),
            legend,
            "Medians of each phase; the rest is what the whole took beside them: the call, admission, the reply.",
            Table(
                $"{name}, ms", ["", .. legend, "together"],
                rows.Select(r => (IReadOnlyList<string>)[r.Name, .. r.Parts.Select(Numbers.Text), Numbers.Text(r.Parts.Sum())])));
    }

    private static double[] Parts(Samples samples, string name)
    {
        var parts = Phases.Select(phase => $"{name}.phase.{phase}").Select(phase => samples.Has(phase) ? samples.Median(phase) : 0).ToArray();
        return [.. parts, Math.Max(0, samples.Median(name) - parts.Sum())];
    }

    private static XElement Stack(Axis axis, string name, double[] parts, double y)
    {
        var ends = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            ends[i] = parts[i] + (i > 0 ? ends[i - 1] : 0);
        }

        return El(
            "g", Frame.Text(Left - 10, y + (Line / 2) + 4, "end", name),
            parts.Select((part, i) => El(
                "rect", At("class", $"block s{i}"), At("x", X(axis, ends[i] - part)), At("y", y + ((Line - Bar) / 2)),
                At("width", X(axis, ends[i]) - X(axis, ends[i] - part)), At("height", Bar))));
    }

    private static double X(Axis axis, double value) => Left + (axis.Place(value) * (Frame.Width - Left - 24));
}

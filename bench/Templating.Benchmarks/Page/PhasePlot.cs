using System.Xml.Linq;
using Templating.Plots;

namespace Templating.Benchmarks.Page;

/// <summary>Of what a start's time consists, side by side: medians of its phases, and what is none of them.</summary>
internal static class PhasePlot
{
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

        return StackPlot.Figure(
            "Where the time of a start goes", "ms, medians",
            "Medians of each phase; the rest is what the whole took beside them: the call, admission, the reply.",
            [.. Phases, "the rest"], rows);
    }

    private static double[] Parts(Samples samples, string name)
    {
        var parts = Phases.Select(phase => $"{name}.phase.{phase}").Select(phase => samples.Has(phase) ? samples.Median(phase) : 0).ToArray();
        return [.. parts, Math.Max(0, samples.Median(name) - parts.Sum())];
    }
}

namespace Templating.AttackTests.Harness;

/// <summary>What a siege cost.</summary>
internal sealed record Figures(TimeSpan Took, Usage Before, Usage During, Others Others)
{
    /// <summary>How many processors the daemon kept busy.</summary>
    public double Processors => (During.Processor - Before.Processor) / Took;

    public long LogBytes => During.LogBytes - Before.LogBytes;

    public override string ToString() => FormattableString.Invariant(
        $"""
        {Took.TotalSeconds:0.0} s; others: reads {Others.Reads}, connections {Others.Connections}, clones {Others.Clones};
        memory {Before.MemoryBytes >> 20} MiB, peak {During.PeakBytes >> 20}; processors {Processors:0.00}; descriptors {Before.Descriptors} -> {During.Descriptors}; threads {Before.Threads} -> {During.Threads}; log {LogBytes >> 10} KiB
        """);
}

namespace Templating.ClusterBenchmarks.Results;

/// <summary>What the figures were taken on; no names of machines.</summary>
internal sealed record Host(string Cpu, int Cores, string Kernel, string LoadBefore)
{
    public static Host Read() => new(
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ", 2)[1] ?? "unknown",
        Environment.ProcessorCount,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        Load());

    /// <summary>Of one, five and fifteen minutes.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    public override string ToString() => $"{Cpu}, {Cores} cores, Linux {Kernel}, load {LoadBefore} before, {Load()} after";
}

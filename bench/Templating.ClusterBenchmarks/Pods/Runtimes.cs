namespace Templating.ClusterBenchmarks.Pods;

/// <summary>With which the same pod is run; the names of their samples begin with these.</summary>
internal static class Runtimes
{
    public const string Runc = "runc";

    public const string Vm = "vm";

    public static readonly string[] All = [Runc, Vm];

    /// <summary>Of a pod's spec; null is the node's own.</summary>
    public static string? ClassOf(string runtime) => runtime == Vm ? "templating" : null;
}

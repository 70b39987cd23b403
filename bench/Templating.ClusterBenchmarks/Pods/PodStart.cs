namespace Templating.ClusterBenchmarks.Pods;

/// <summary>What containerd wrote of a pod's start, and in a VM its shim.</summary>
internal sealed class PodStart
{
    private readonly Dictionary<string, DateTimeOffset> _marks = new(StringComparer.Ordinal);

    public string Sandbox { get; set; } = "";

    public IReadOnlyList<ShimStep> Steps { get; set; } = [];

    public void Mark(string call, bool returned, DateTimeOffset at) => _marks.TryAdd(call + (returned ? "-" : "+"), at);

    public bool Has(string call) => _marks.ContainsKey(call + "-");

    /// <summary>Of a call of the kubelet's.</summary>
    public double Milliseconds(string call) => (_marks[call + "-"] - _marks[call + "+"]).TotalMilliseconds;

    /// <summary>From the beginning of a call until another one has returned.</summary>
    public double Milliseconds(string from, string until) => (_marks[until + "-"] - _marks[from + "+"]).TotalMilliseconds;
}

using Templating.Core.Machines;

namespace Templating.Core.Templates;

/// <summary>What a user asks a template to be. Judged as a whole by <c>TemplateSpecValidator</c>.</summary>
public sealed record TemplateSpec
{
    public required GuestSpec Guest { get; init; }

    public MachineSpec Machine { get; init; } = new();

    public ReadinessSpec Readiness { get; init; } = new();

    /// <summary>Network of the template and, unless they say otherwise, of its clones.</summary>
    public NetworkSpec Network { get; init; } = new(Outbound: false, []);
}

/// <summary>What the VM boots. Paths are absolute and on the node.</summary>
public sealed record GuestSpec
{
    public required string KernelPath { get; init; }

    public string? InitrdPath { get; init; }

    /// <summary>Kernel command line, at most 2,047 bytes (the x86 boot protocol's limit is 2,047 and a NUL).</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Read-only NVDIMMs in the order the guest sees them (pmem0, pmem1, ...); at most 8.</summary>
    public IReadOnlyList<string> ImagePaths { get; init; } = [];
}

/// <summary>When a template is ready to be frozen.</summary>
public sealed record ReadinessSpec
{
    /// <summary>Time for the guest's agent to answer and the warm-up to end, together. 1 s to 1 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Run in order in the guest; each must exit with 0. At most 32.</summary>
    public IReadOnlyList<IReadOnlyList<string>> WarmUp { get; init; } = [];
}

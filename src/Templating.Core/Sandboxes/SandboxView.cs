using Templating.Core.Clones;
using Templating.Core.Machines;

namespace Templating.Core.Sandboxes;

/// <summary>A sandbox as its owner sees it.</summary>
public sealed record SandboxView
{
    public required CloneView Vm { get; init; }

    /// <summary>Absolute path of the socket of the guest's port for its owner; null when its VM has ended.</summary>
    public string? OwnerPort { get; init; }

    /// <summary>Null when its VM has ended, or its template cannot be read.</summary>
    public SandboxRoom? Room { get; init; }
}

/// <summary>How far a sandbox may grow.</summary>
public sealed record SandboxRoom
{
    public required int FreePorts { get; init; }

    /// <summary>How often memory may still be plugged.</summary>
    public required int FreeMemorySlots { get; init; }

    public required long MemoryBytes { get; init; }

    public required long MaxMemoryBytes { get; init; }

    public required int Vcpus { get; init; }

    public required int MaxVcpus { get; init; }

    internal static SandboxRoom Of(CloneView clone, ResolvedMachine machine) => new()
    {
        FreePorts = SandboxSlots.Ports - (clone.Devices?.Count ?? 0),
        FreeMemorySlots = SandboxSlots.Memory - (clone.MemoryPlugs ?? 0),
        MemoryBytes = clone.MemoryBytes ?? machine.MemoryBytes,
        MaxMemoryBytes = machine.MaxMemoryBytes ?? machine.MemoryBytes,
        Vcpus = clone.Vcpus ?? machine.Vcpus,
        MaxVcpus = machine.MaxVcpus ?? machine.Vcpus,
    };
}

namespace Templating.Shim.Daemon;

/// <summary>A VM for a pod.</summary>
internal sealed record PodVmRequest
{
    /// <summary>RFC 1123 label.</summary>
    public required string SandboxId { get; init; }

    /// <summary>tenants/{tenant}/templates/{template}, or with a revision.</summary>
    public required string Template { get; init; }

    /// <summary>Folders that QEMU is put into; see <see cref="PodCgroup"/>.</summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];

    /// <summary>The process whose end is the pod's: the shim.</summary>
    public int OwnerPid { get; init; } = Environment.ProcessId;

    /// <summary>Answered when its CPUs run: its identity is confirmed while other things are done, and <see cref="HeldVm.DetachAsync"/> waits for it.</summary>
    public bool WhenRunning { get; init; } = true;

    public string Hostname { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

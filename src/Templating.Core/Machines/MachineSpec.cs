using System.Text.Json.Serialization;
using Templating.Contract;

namespace Templating.Core.Machines;

public enum Accelerator
{
    Tcg,
    Kvm,
}

/// <summary>The VM a user asks for, before aliases are resolved.</summary>
public sealed record MachineSpec
{
    public const long MiB = 1024 * 1024;

    /// <summary>Number of virtual CPUs; <see cref="CpuRules"/>.</summary>
    public int Vcpus { get; init; } = CpuRules.DefaultVcpus;

    /// <summary>RAM in bytes; <see cref="MemoryRules"/>.</summary>
    public long MemoryBytes { get; init; } = MemoryRules.Default;

    /// <summary>The vCPUs it may grow to; null means <see cref="Vcpus"/>: none can be plugged.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxVcpus { get; init; }

    /// <summary>The RAM it may grow to; as <see cref="MemoryBytes"/>. Null means that: none can be plugged.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxMemoryBytes { get; init; }

    /// <summary>QEMU machine type or alias; <see cref="MachineTypeRules"/>.</summary>
    public string MachineType { get; init; } = MachineTypeRules.Default;

    /// <summary>QEMU CPU model; null means the best the accelerator has (<c>host</c> under KVM, <c>max</c> under TCG).</summary>
    public string? CpuModel { get; init; }

    /// <summary>Null means KVM where it was probed to work, else TCG.</summary>
    public Accelerator? Accelerator { get; init; }
}

/// <summary>
/// The machine as it is really made, and the fingerprint by which a frozen state is judged: a state restores only
/// into the very same machine.
/// </summary>
public sealed record ResolvedMachine
{
    /// <summary>QEMU's version with its packaging suffix, as <c>query-version</c> gives it: <c>10.0.2 (Debian 1:10.0.2+ds-2)</c>.</summary>
    public required string QemuVersion { get; init; }

    /// <summary>The versioned name behind an alias: <c>pc-q35-10.0</c>.</summary>
    public required string MachineType { get; init; }

    public required string CpuModel { get; init; }

    public required Accelerator Accelerator { get; init; }

    /// <summary>Under KVM the host's CPU model name, because <c>host</c> is another CPU on another machine; else null.</summary>
    public string? HostCpu { get; init; }

    public required int Vcpus { get; init; }

    public required long MemoryBytes { get; init; }

    /// <summary>What it may grow to; null where it may not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxVcpus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxMemoryBytes { get; init; }

    /// <summary>
    /// Whether devices can be plugged into it while it runs: it has spare ports, room in its address space for images and a port of its
    /// guest for its owner, and no network card of its own.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Sandbox { get; init; }

    /// <summary>The devices in the order of the command line; part of what a state depends on.</summary>
    public required IReadOnlyList<string> Devices { get; init; }
}

/// <summary>A TCP port of the guest that the host forwards from a port of its loopback (user-mode network).</summary>
/// <param name="GuestPort">1 to 65535.</param>
/// <param name="HostPort">0 for any free one.</param>
/// <param name="HostAddress">Address of the host to listen on.</param>
public sealed record PortForward(int GuestPort, int HostPort = 0, string HostAddress = "127.0.0.1");

/// <summary>The guest's user-mode network.</summary>
/// <param name="Outbound">
/// Whether the guest may open connections outwards: to whatever the host reaches, but not to the host's own loopback. Off by
/// default. In a VM pod it reaches the pod's loopback as well.
/// </param>
/// <param name="Forwards">Ports to reach the guest by.</param>
public sealed record NetworkSpec(bool Outbound, IReadOnlyList<PortForward> Forwards);

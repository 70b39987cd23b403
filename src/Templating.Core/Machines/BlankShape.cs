namespace Templating.Core.Machines;

/// <summary>
/// All of a machine but its memory: what QEMU is told when it starts and cannot be told later. Templates of any tenant whose machines have
/// the same shape can be given to the same blank VM.
/// </summary>
public sealed record BlankShape
{
    /// <summary>As <see cref="ResolvedMachine.QemuVersion"/>; the same holds for all that is named as it is there.</summary>
    public required string QemuVersion { get; init; }

    public required string MachineType { get; init; }

    public required string CpuModel { get; init; }

    public required Accelerator Accelerator { get; init; }

    public required string? HostCpu { get; init; }

    public required int Vcpus { get; init; }

    public required int? MaxVcpus { get; init; }

    public required bool Sandbox { get; init; }

    /// <summary>How many NVDIMMs it has; their sizes are told with their files.</summary>
    public required int Images { get; init; }

    public static BlankShape Of(ResolvedMachine machine, int images) => new()
    {
        QemuVersion = machine.QemuVersion,
        MachineType = machine.MachineType,
        CpuModel = machine.CpuModel,
        Accelerator = machine.Accelerator,
        HostCpu = machine.HostCpu,
        Vcpus = machine.Vcpus,
        MaxVcpus = machine.MaxVcpus,
        Sandbox = machine.Sandbox,
        Images = images,
    };

    /// <summary>The machine as far as it is known: without memory.</summary>
    public ResolvedMachine Machine => new()
    {
        QemuVersion = QemuVersion,
        MachineType = MachineType,
        CpuModel = CpuModel,
        Accelerator = Accelerator,
        HostCpu = HostCpu,
        Vcpus = Vcpus,
        MaxVcpus = MaxVcpus,
        Sandbox = Sandbox,
        MemoryBytes = 0,
        Devices = [],
    };
}

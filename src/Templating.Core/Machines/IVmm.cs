namespace Templating.Core.Machines;

/// <summary>A virtual machine monitor: what Core needs of QEMU.</summary>
public interface IVmm
{
    /// <summary>What is installed and works here. Probed once, then remembered until <paramref name="refresh"/>.</summary>
    /// <exception cref="Errors.TemplatingException">QemuMissing, QemuTooOld.</exception>
    Task<VmmInfo> ProbeAsync(bool refresh, CancellationToken cancellationToken);

    /// <summary>What the last probe found; null before the first.</summary>
    VmmInfo? Known { get; }

    /// <summary>Resolves aliases and defaults and lists the devices that a VM with so many images, or a sandbox, gets.</summary>
    /// <exception cref="Errors.TemplatingException">QemuUnsupported, AcceleratorUnavailable, QemuMissing, QemuTooOld.</exception>
    Task<ResolvedMachine> ResolveAsync(MachineSpec spec, int imageCount, bool sandbox, CancellationToken cancellationToken);

    /// <summary>Starts a VM that boots its kernel, its RAM in the role <see cref="MemoryRole.TemplateRam"/>.</summary>
    Task<IVm> BootAsync(BootRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Starts QEMU for a clone, RAM in the role <see cref="MemoryRole.CloneRam"/>, with no state yet. When this
    /// returns, QEMU answers and its mappings have been checked. <see cref="IVm.RestoreAsync"/> comes next.
    /// </summary>
    Task<IVm> PrepareAsync(PrepareRequest request, CancellationToken cancellationToken);

    /// <summary>Starts a VM that gets its memory later. Only where <see cref="VmmInfo.BlankProblem"/> is null.</summary>
    Task<IBlankVm> StartBlankAsync(BlankRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over a VM that another daemon started. Null when that process is gone, is another one under the same
    /// number, or answers nonsense. One that is silent is waited for until cancelled.
    /// </summary>
    Task<IVm?> AdoptAsync(VmFolder folder, VmProcessId process, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the VMs that a dead daemon left, whether or not it had time to note their process ids. When this returns, they are
    /// gone, but for those named: no signal ends a process that hangs in the kernel, and nobody is to wait for it.
    /// </summary>
    Task<IReadOnlyList<LingeringVm>> ReapAsync(IReadOnlyList<LeftVm> left, CancellationToken cancellationToken);
}

/// <summary>What <see cref="IVmm.ProbeAsync"/> found.</summary>
/// <param name="Path">The QEMU binary.</param>
/// <param name="Version">As in <see cref="ResolvedMachine.QemuVersion"/>.</param>
/// <param name="DefaultMachineType">What <c>q35</c> stands for.</param>
/// <param name="Accelerator">The best that was seen to work.</param>
/// <param name="KvmProblem">Why KVM is not used; null when it works.</param>
/// <param name="HostCpu">The host's CPU model name, as /proc/cpuinfo has it.</param>
public sealed record VmmInfo(
    string Path, string Version, string DefaultMachineType, Accelerator Accelerator, string? KvmProblem, string HostCpu)
{
    /// <summary>Why no VM is started before its template is known; null where that works.</summary>
    public string? BlankProblem { get; init; }
}

/// <summary>A process that cannot be confused with a later one of the same number.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="StartTime">Field 22 of <c>/proc/PID/stat</c>: clock ticks since boot.</param>
/// <param name="BootId">The host's boot, <c>/proc/sys/kernel/random/boot_id</c>.</param>
public readonly record struct VmProcessId(int Pid, long StartTime, Guid BootId);

/// <summary>The user and group a VM's process runs as; null in a request means the daemon's own.</summary>
public sealed record VmUser(uint Uid, uint Gid);

/// <summary>A template's first start. Files are opened by the daemon; its user needs no way to them, only the right to read them.</summary>
public sealed record BootRequest
{
    public required VmFolder Folder { get; init; }

    public required ResolvedMachine Machine { get; init; }

    /// <summary>An empty file of the RAM's size that the VM's user may write to; becomes the template's memory.</summary>
    public required string MemoryPath { get; init; }

    /// <summary>A file that is there; <see cref="IVm.FreezeAsync"/> writes everything but RAM to it.</summary>
    public required string StatePath { get; init; }

    public required string KernelPath { get; init; }

    public string? InitrdPath { get; init; }

    public string CommandLine { get; init; } = "";

    public IReadOnlyList<string> ImagePaths { get; init; } = [];

    public NetworkSpec Network { get; init; } = new(Outbound: false, []);

    public VmUser? User { get; init; }
}

/// <summary>A clone's start. Files are opened by the daemon, as for <see cref="BootRequest"/>.</summary>
public sealed record PrepareRequest
{
    /// <summary>There already, and nobody else's.</summary>
    public required VmFolder Folder { get; init; }

    public required ResolvedMachine Machine { get; init; }

    public required string MemoryPath { get; init; }

    /// <summary>The frozen state that <see cref="IVm.RestoreAsync"/> loads.</summary>
    public required string StatePath { get; init; }

    public IReadOnlyList<string> ImagePaths { get; init; } = [];

    public NetworkSpec Network { get; init; } = new(Outbound: false, []);

    /// <summary>The new generation id (vmgenid) that tells the guest's kernel to reseed.</summary>
    public required Guid Generation { get; init; }

    public VmUser? User { get; init; }

    /// <summary>
    /// Folders of control groups (v1 or v2) that its process is put into before its guest's RAM is used.
    /// </summary>
    public IReadOnlyList<string> Cgroups { get; init; } = [];
}

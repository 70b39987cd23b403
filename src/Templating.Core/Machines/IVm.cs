namespace Templating.Core.Machines;

/// <summary>A running QEMU. Disposing lets go of it; it does not end it (see <see cref="KillAsync"/>).</summary>
public interface IVm : IAsyncDisposable
{
    VmProcessId Process { get; }

    /// <summary>Completes when the process is gone, at once. Never faults.</summary>
    Task<VmExit> Exited { get; }

    IGuest Guest { get; }

    IConsole Console { get; }

    /// <summary>What is plugged while it runs.</summary>
    IVmDevices Devices { get; }

    /// <summary>Loads <see cref="PrepareRequest.StatePath"/>; the VM is then paused at the frozen moment.</summary>
    /// <exception cref="Errors.TemplatingException">QemuExited, QmpFailed.</exception>
    Task RestoreAsync(CancellationToken cancellationToken);

    /// <summary>Lets the virtual CPUs run.</summary>
    Task ResumeAsync(CancellationToken cancellationToken);

    /// <summary>Stops the virtual CPUs.</summary>
    Task PauseAsync(CancellationToken cancellationToken);

    /// <summary>One that is silent is waited for until cancelled.</summary>
    /// <exception cref="Errors.TemplatingException">QmpFailed: it answers nonsense, or its monitor is gone. QemuExited.</exception>
    Task<VmRunState> QueryStateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stops the CPUs and writes everything but RAM to <see cref="BootRequest.StatePath"/>. Once.
    /// </summary>
    Task FreezeAsync(CancellationToken cancellationToken);

    /// <summary>The forwarded ports with the host ports that were really taken.</summary>
    Task<IReadOnlyList<PortForward>> QueryForwardsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Opens one more port of the host that leads to the guest; a host port of 0 takes any free one. Before its CPUs run for
    /// the first time: what has run may be hostile, and gets nothing more of the host.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">InvalidArgument: the port is taken, or not one that may be taken. QemuExited, QmpFailed.</exception>
    Task AddForwardAsync(PortForward forward, CancellationToken cancellationToken);

    /// <summary>What the process costs the host now, from <c>/proc/PID/smaps</c>.</summary>
    Task<VmMemory> ReadMemoryAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Which parts of its template's files it has used, by its page tables: of the RAM first, then of each image. What lies close together is one
    /// part. Blocks for as long as it takes to look at all its pages.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">QemuExited.</exception>
    IReadOnlyList<IReadOnlyList<FileRange>> ReadUsedPages();

    /// <summary>
    /// Ends the VM: asks the guest to power off, waits up to <paramref name="grace"/> (zero: does not ask), then
    /// kills. When this returns, the process is gone.
    /// </summary>
    Task<VmExit> StopAsync(TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Ends the process now. When this returns, it is gone.</summary>
    Task<VmExit> KillAsync();
}

public enum VmRunState
{
    /// <summary>Waits for a state.</summary>
    Prepared,
    Paused,
    Running,

    /// <summary>Powered off, crashed inside, or in an error of QEMU's.</summary>
    Stopped,
}

/// <summary>How a VM ended.</summary>
/// <param name="ExitCode">Null for a process that was not our child or that a signal ended.</param>
/// <param name="Signal">The signal that ended it, where known.</param>
/// <param name="Reason">One line for people: guest powered off, kernel panicked and how, killed by signal 9, ...</param>
/// <param name="GuestRequested">Whether the guest asked for it (power off or reboot).</param>
/// <param name="StandardError">The end of QEMU's standard error, at most 4 KiB.</param>
public sealed record VmExit(int? ExitCode, int? Signal, string Reason, bool GuestRequested, string StandardError)
{
    /// <summary>
    /// Whether the guest's kernel panicked; where it then reboots, that looks like a reboot it asked for. <see cref="Reason"/> quotes it.
    /// </summary>
    public bool Panicked { get; init; }
}

/// <summary>Memory of one VM in bytes, as the host accounts it.</summary>
/// <param name="Resident">Resident set.</param>
/// <param name="Proportional">PSS: each shared page divided by its users.</param>
/// <param name="Shared">Resident pages that others map too (clean template pages, libraries, images).</param>
/// <param name="Private">Resident pages that only this VM maps.</param>
/// <param name="RamPrivate">Private pages within the guest's RAM: what its writes have cost.</param>
/// <param name="ImagePrivate">Anonymous pages within image mappings: zero, or a promise is broken.</param>
public sealed record VmMemory(
    long Resident, long Proportional, long Shared, long Private, long RamPrivate, long ImagePrivate)
{
    /// <summary>What it has in memory of its template's RAM and of images, unchanged: the files' pages, whoever else maps them.</summary>
    public long FilesResident { get; init; }

    /// <summary>The same, each page divided by its users. The sum over all clones is what the pages take once.</summary>
    public long FilesProportional { get; init; }

    /// <summary>Private, and executable: what an emulated CPU's code was translated to.</summary>
    public long TranslatedCode { get; init; }

    /// <summary>The rest of what is private: QEMU's heap, stacks and data.</summary>
    public long QemuPrivate { get; init; }
}

/// <summary>The guest's serial console. Nothing a guest prints is kept without a limit.</summary>
public interface IConsole
{
    /// <summary>The last 64 KiB the guest printed since the daemon connected.</summary>
    byte[] ReadTail();

    /// <summary>What the guest prints from now on. A reader that is too slow loses the oldest bytes.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Types into the console.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);
}

using Microsoft.Extensions.Logging;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Probing;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>QEMU as the virtual machine monitor. Its VMs are sessions of their own and outlive it.</summary>
public sealed class QemuVmm : IVmm, IDisposable
{
    private readonly QemuOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ProcessWatcher _watcher = new();
    private readonly VmLauncher _launcher;
    private readonly VmStarter _starter;
    private readonly BlankStarter _blanks;
    private readonly QemuProbe _probe;

    public QemuVmm(QemuOptions options, TimeProvider time, ILogger<QemuVmm> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _launcher = new VmLauncher(options, _watcher, logger);
        _starter = new VmStarter(_launcher, options, _watcher, time, logger);
        _blanks = new BlankStarter(_launcher, options, time, logger);
        _probe = new QemuProbe(options, _launcher.Confines, _watcher, time, logger);
    }

    public VmmInfo? Known => _probe.Known?.Info;

    public async Task<VmmInfo> ProbeAsync(bool refresh, CancellationToken cancellationToken) =>
        (await _probe.GetAsync(refresh, cancellationToken)).Info;

    public async Task<ResolvedMachine> ResolveAsync(MachineSpec spec, int imageCount, bool sandbox, CancellationToken cancellationToken) =>
        MachineResolver.Resolve(spec, imageCount, sandbox, await _probe.GetAsync(refresh: false, cancellationToken));

    public async Task<IVm> BootAsync(BootRequest request, CancellationToken cancellationToken)
    {
        var path = (await ProbeAsync(refresh: false, cancellationToken)).Path;
        return await _starter.BootAsync(path, request, cancellationToken);
    }

    public async Task<IVm> PrepareAsync(PrepareRequest request, CancellationToken cancellationToken)
    {
        var path = (await ProbeAsync(refresh: false, cancellationToken)).Path;
        return await _starter.PrepareAsync(path, request, cancellationToken);
    }

    public async Task<IBlankVm> StartBlankAsync(BlankRequest request, CancellationToken cancellationToken)
    {
        var path = (await ProbeAsync(refresh: false, cancellationToken)).Path;
        return await _blanks.StartAsync(path, request, cancellationToken);
    }

    public Task<IVm?> AdoptAsync(VmFolder folder, VmProcessId process, CancellationToken cancellationToken) =>
        Adoption.TryAsync(folder, process, _watcher, _options, _time, _logger, cancellationToken);

    public Task<IReadOnlyList<LingeringVm>> ReapAsync(IReadOnlyList<LeftVm> left, CancellationToken cancellationToken) =>
        Reaper.RunAsync(left, _watcher, _time, _logger, cancellationToken);

    /// <summary>Lets go of the VMs; they run on.</summary>
    public void Dispose()
    {
        _launcher.Dispose();
        _watcher.Dispose();
        _probe.Dispose();
    }
}

using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Probing;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu;

/// <summary>Starts QEMU with all but its memory, its ports and its state.</summary>
internal sealed class BlankStarter(VmLauncher launcher, QemuOptions options, TimeProvider time, ILogger logger)
{
    public async Task<IBlankVm> StartAsync(string qemuPath, BlankRequest request, CancellationToken cancellationToken)
    {
        // Its stamp before its start: one that is exchanged meanwhile is another one.
        var stamp = QemuStamp.Of(qemuPath);
        var machine = request.Shape.Machine;
        using var handed = new HandedFiles();
        var sockets = VmLauncher.Open(handed, request.Folder);
        var jail = launcher.JailFor(qemuPath)
            ?? throw new TemplatingException(ErrorCode.Internal, "A VM without a jail cannot be given its memory after its start.");
        var launch = new QemuLaunch
        {
            QemuPath = qemuPath,
            Machine = machine,
            Ram = null,
            Images = [.. Enumerable.Range(0, request.Shape.Images).Select(i => new MemoryBackend(QemuCommandLine.ImageId(i), MemoryRole.Image, "", 0))],
            StateDescriptor = null,
            Network = new NetworkBackend.User(Outbound: false, []),
            Generation = request.Generation,
            Beginning = new Beginning.Blank(),
            TcgBufferMiB = options.TcgBufferMiBOf(machine),
            Sockets = VmLauncher.Hand(handed, sockets),
            Owner = VmLauncher.HandOwner(handed, machine, request.Folder),
        };
        var link = launcher.Launch(new VmOrder
        {
            Folder = request.Folder,
            Launch = launch,
            Files = [],
            Ports = 0,
            User = request.User,
            MaxFileBytes = launcher.CloneFileLimit(machine),
            Handed = handed,
            Sockets = sockets,
        });
        handed.Dispose();
        var monitor = new QmpClient(link.Sockets.Qmp, time);
        var vm = new BlankVm(link, monitor, jail, () => QemuStamp.Of(qemuPath) == stamp, options, time, logger);
        try
        {
            await monitor.NegotiateAsync(options.StartTimeout, cancellationToken);
            return vm;
        }
        catch (Exception e)
        {
            vm.Kill();
            await vm.Exited;
            await vm.DisposeAsync();
            throw e is TemplatingException { Code: ErrorCode.QmpFailed }
                ? new TemplatingException(ErrorCode.QemuExited, $"{e.Message} It said: {ExitReport.ReadStandardError(request.Folder.StandardError)}", e)
                : e;
        }
    }
}

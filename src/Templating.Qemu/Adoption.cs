using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>Takes over a VM from a daemon that is gone.</summary>
internal static class Adoption
{
    private static readonly TimeSpan QueueLook = TimeSpan.FromSeconds(1);

    public static async Task<IVm?> TryAsync(
        VmFolder folder, VmProcessId process, ProcessWatcher watcher, QemuOptions options, TimeProvider time,
        ILogger logger, CancellationToken cancellationToken)
    {
        // First the pidfd, then the look at /proc: what is read belongs to the process that is held.
        if (watcher.Watch(process.Pid, isChild: false) is not { } watched)
        {
            Log.NotAdopted(logger, process.Pid, "no such process");
            return null;
        }

        if (ProcessIds.Read(process.Pid) != process)
        {
            watcher.Forget(watched);
            Log.NotAdopted(logger, process.Pid, "it is another process under the same number");
            return null;
        }

        CommandLine.VmSockets<Socket>? sockets = null;
        try
        {
            sockets = await ConnectAsync(folder, time, cancellationToken);
        }
        finally
        {
            if (sockets is null)
            {
                watcher.Forget(watched);
            }
        }

        if (sockets is null)
        {
            Log.NotAdopted(logger, process.Pid, "its sockets do not answer");
            return null;
        }

        var vm = new QemuVm(new VmLink
        {
            Folder = folder,
            Watched = watched,
            Process = process,
            Sockets = sockets,
            Files = BoundFiles.Read(folder) ?? AdoptedFiles.Read(process.Pid),
        }, options, time, logger);
        try
        {
            // It may be stopped, or wait for a disk that is slow: whoever cannot wait cancels.
            await vm.StartAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            await vm.Devices.LearnImagesAsync(cancellationToken);
            return vm;
        }
        catch (Exception e)
        {
            await vm.DisposeAsync();
            watcher.Forget(watched);
            if (e is not (TemplatingException or IOException or UnauthorizedAccessException))
            {
                throw;
            }

            Log.NotAdopted(logger, process.Pid, e.Message);
            return null;
        }
    }

    /// <summary>
    /// A QEMU that hangs accepts no connection; those of daemons that came and went before fill its queue. It takes them when it goes
    /// on, and may be asked then.
    /// </summary>
    private static async Task<CommandLine.VmSockets<Socket>?> ConnectAsync(VmFolder folder, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var sockets = Connect(folder, out var isFull);
            if (!isFull)
            {
                return sockets;
            }

            await Task.Delay(QueueLook, time, cancellationToken);
        }
    }

    private static CommandLine.VmSockets<Socket>? Connect(VmFolder folder, out bool isFull)
    {
        isFull = false;
        var connected = new List<Socket>();
        try
        {
            return new CommandLine.VmSockets<string>(folder.Qmp, folder.Agent, folder.Guest, folder.Console).Select(path =>
            {
                var socket = ListeningSocket.ConnectTo(path);
                connected.Add(socket);
                return socket;
            });
        }
        catch (SocketException e)
        {
            isFull = e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain;
            connected.ForEach(socket => socket.Dispose());
            return null;
        }
    }
}

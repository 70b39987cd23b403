using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;
using Templating.Shim.Host;

namespace Templating.Shim.Commands;

/// <summary>The server of one pod: the process that <see cref="StartCommand"/> leaves behind.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <param name="arguments">With the pod's id.</param>
    /// <param name="folders">Where shims have their files.</param>
    /// <param name="descriptor">Of the socket, which listens already.</param>
    /// <param name="serve">Until containerd has no use for it any more.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        ShimArguments arguments, ShimFolders folders, int descriptor, ServePodAsync serve, CancellationToken cancellationToken)
    {
        var place = folders.PlaceOf(arguments.Address, arguments.Namespace, arguments.Id);
        using var log = ShimLog.Open(arguments.Bundle, TimeProvider.System, arguments.Debug);

        // Only containerd ends it, by its Shutdown: whoever ends all processes of a session or a unit would end the pod with it.
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);

        // A second one keeps the socket until its path is removed: else another server might take the path first, and lose it.
        using var kept = new SafeFileHandle(LibC.Fcntl(descriptor, LibC.DupCloseOnExec, DetachedProgram.Descriptor), ownsHandle: true);
        try
        {
            using var listener = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
            var context = new ShimServerContext(arguments, arguments.Id, arguments.Bundle, place, log)
            {
                EventsAddress = Environment.GetEnvironmentVariable("TTRPC_ADDRESS") ?? "",
            };
            await serve(listener, context, cancellationToken);
        }
#pragma warning disable CA1031 // Nobody is above: it is told, and "delete" cleans up.
        catch (Exception e)
#pragma warning restore CA1031
        {
            log.Error($"The shim of {arguments.Id} ends: {e}");
            return 1;
        }

        using (await PodLock.TakeAsync(place.Lock, LockPatience, TimeProvider.System))
        {
            PodFiles.Remove(place);
        }

        return 0;
    }
}

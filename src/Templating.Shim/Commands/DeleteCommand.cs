using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Core.Linux;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Options;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Tasks;

namespace Templating.Shim.Commands;

/// <summary>
/// Called by containerd when its connection to a container's shim has ended, however that came: also after each orderly end, and for one
/// container of a pod that lives on. What the shim has given back itself is not there any more; what a killed one has left is given back here. containerd
/// waits for 5 s.
/// </summary>
internal static class DeleteCommand
{
    private const int MaxMounts = 16;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(1);

    /// <summary>For all of it: less than containerd's, so that what has come to nothing is told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4.5);

    /// <param name="arguments">containerd's.</param>
    /// <param name="folders">Where shims have their files.</param>
    /// <param name="bundle">Of the container, absolute; it may be gone.</param>
    /// <param name="warn">Told what could not be given back.</param>
    public static async Task<DeleteResponse> RunAsync(ShimArguments arguments, ShimFolders folders, string bundle, Action<string> warn)
    {
        var start = TimeProvider.System.GetTimestamp();
        var group = GroupOf(bundle, arguments.Id, warn);
        var place = folders.PlaceOf(arguments.Address, arguments.Namespace, group.Id);
        if (FileStamp.TryRead(place.Folder) is not null && await HasEndedAsync(group, place))
        {
            using (await PodLock.TakeAsync(place.Lock, LockPatience, TimeProvider.System))
            {
                // Another one of the pod's containers may have been quicker, and a new pod of that id there again.
                if (!PodSocket.Answers(place.Socket))
                {
                    await GiveBackAsync(place, Patience - TimeProvider.System.GetElapsedTime(start), warn);
                    PodFiles.Remove(place);
                }
            }
        }

        Unmount(Path.Combine(bundle, "rootfs"), warn);
        return new DeleteResponse { ExitStatus = ProcessEnd.Killed, ExitedAt = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()) };
    }

    private static PodGroup GroupOf(string bundle, string id, Action<string> warn)
    {
        try
        {
            return PodGroup.Read(bundle, id);
        }
        catch (Exception e) when (e is IOException or ShimException)
        {
            warn($"What pod {id} is of is not known: {e.Message}");
            return new PodGroup(id, IsMember: false);
        }
    }

    /// <summary>
    /// Of one that lives: a container's end is not the pod's. The pod's own is: a shim that has been told to shut down ends in a moment, and one that
    /// containerd has lost would keep the VM for ever, because nobody knows of it any more.
    /// </summary>
    private static async Task<bool> HasEndedAsync(PodGroup group, PodPlace place)
    {
        using var shim = ShimProcess.Find(place.Folder);
        if (shim is null)
        {
            return true;
        }

        if (group.IsMember)
        {
            return false;
        }

        if (!await shim.EndsAsync(EndPatience, TimeProvider.System))
        {
            shim.Kill();
            _ = await shim.EndsAsync(EndPatience, TimeProvider.System);
        }

        return true;
    }

    /// <summary>
    /// Where the daemon is away, nothing is lost by going on: the VM's owner is the shim, which has ended, and so the daemon ends the VM itself,
    /// at the latest when it is back.
    /// </summary>
    private static async Task GiveBackAsync(PodPlace place, TimeSpan patience, Action<string> warn)
    {
        try
        {
            if (PodRecord.Read(place.Folder) is not { } record)
            {
                return;
            }

            if (TemplatingAddress.TryParse(record.Daemon, out var address, out _))
            {
                using var limit = new CancellationTokenSource(patience);
                using var daemon = new PodVmClient(new ShimOptions { Daemon = address, DaemonPatience = patience }, TimeProvider.System);
                await daemon.ReleaseAsync(record.Sandbox, TimeSpan.Zero, limit.Token);
            }

            PodCgroup.Remove(record.Cgroups);
        }
        catch (Exception e) when (e is ShimException or IOException or OperationCanceledException)
        {
            var why = e is OperationCanceledException ? $"it has not answered in {patience.TotalSeconds:0.#} s." : e.Message;
            warn($"The pod's VM is left to the daemon, which ends it because its owner has ended: {why}");
        }
    }

    private static void Unmount(string rootfs, Action<string> warn)
    {
        // Several may be one on top of the other.
        for (var i = 0; i < MaxMounts && MountTable.At(rootfs).Any(); i++)
        {
            if (MountCalls.Unmount(rootfs, MountCalls.Detach | MountCalls.NoFollow) != 0)
            {
                warn(FileSystem.LastError("unmount", rootfs).Message);
                return;
            }
        }
    }
}

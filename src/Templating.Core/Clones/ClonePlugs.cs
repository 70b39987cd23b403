using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>
/// Devices for a clone that runs. An image stays in the node's cache for as long as the clone lives. What has begun is carried out, also
/// when its caller goes away.
/// </summary>
/// <param name="images">Null on a node that keeps none.</param>
/// <param name="store">In whose file system disks lie.</param>
internal sealed class ClonePlugs(IImageCache? images, TemplateStore store)
{
    public Task<PluggedDevice> PlugImageAsync(Clone clone, string digest, CancellationToken cancellationToken) => InTurnAsync(clone, vm => PlugAsync(
        clone, Acquire(clone.Name.Tenant, digest), async image => await vm.Devices.PlugImageAsync(image.Path, CancellationToken.None) with { Digest = digest }), cancellationToken);

    public Task<PluggedDevice> PlugDiskAsync(Clone clone, PlugDisk request, CancellationToken cancellationToken) => request.Device is { } device
        ? PlugNodeDiskAsync(clone, device, request.Serial, cancellationToken)
        : InTurnAsync(clone, vm => PlugAsync(
        clone, store.MakeDisk(request.Bytes, request.Ext4), async disk => await vm.Devices.PlugDiskAsync(disk.File, request.Bytes, request.Serial, CancellationToken.None) with { File = disk.Name }),
        cancellationToken);

    private static Task<PluggedDevice> PlugNodeDiskAsync(
        Clone clone, NodeDevice device, string serial, CancellationToken cancellationToken) => InTurnAsync(clone, async vm =>
    {
        // QEMU's own keeps it, and its claim: it is free when it is unplugged, or its VM gone.
        using var disk = NodeDisk.Open(device);
        var plugged = await vm.Devices.PlugNodeDiskAsync(disk.File, disk.Bytes, serial, device.ReadOnly, CancellationToken.None) with { NodeDevice = device.Numbers };
        Tell(clone, devices => [.. devices, plugged]);
        return plugged;
    }, cancellationToken);

    public static Task<PluggedDevice> PlugNicAsync(Clone clone, PlugNic request, CancellationToken cancellationToken) => InTurnAsync(clone, async vm =>
    {
        // QEMU's own keeps it: it is gone when its VM is.
        using var tap = PodTap.Open(request);
        var device = await vm.Devices.PlugNicAsync(tap.File, request.Card, CancellationToken.None) with { Tap = tap.Name };
        Tell(clone, devices => [.. devices, device]);
        return device;
    }, cancellationToken);

    public static Task UnplugAsync(Clone clone, string id, CancellationToken cancellationToken) => InTurnAsync(clone, async vm =>
    {
        await vm.Devices.UnplugAsync(id, CancellationToken.None);
        clone.Life.Release(id);
        Tell(clone, devices => [.. devices.Where(device => device.Id != id)]);
        return true;
    }, cancellationToken);

    /// <summary>Holds what is behind the device for as long as that is plugged.</summary>
    private static async Task<PluggedDevice> PlugAsync<T>(Clone clone, T behind, Func<T, Task<PluggedDevice>> plug)
        where T : IDisposable
    {
        PluggedDevice device;
        try
        {
            device = await plug(behind);
        }
        catch
        {
            behind.Dispose();
            throw;
        }

        clone.Life.Hold(behind, device.Id);
        Tell(clone, devices => [.. devices, device]);
        return device;
    }

    private static void Tell(Clone clone, Func<IReadOnlyList<PluggedDevice>, IReadOnlyList<PluggedDevice>> change) => clone.Life.Tell(view =>
        view is CloneView now ? now with { Devices = change(now.Devices ?? []) is { Count: > 0 } devices ? devices : null } : view);

    private static async Task<T> InTurnAsync<T>(Clone clone, Func<IVm, Task<T>> change, CancellationToken cancellationToken)
    {
        var life = clone.Life;
        await life.PlugTurn.WaitAsync(cancellationToken);
        try
        {
            return await change(life.Require(VmOperation.Plug));
        }
        finally
        {
            life.PlugTurn.Release();
        }
    }

    /// <summary>
    /// What a clone of the daemon before this one holds. An image that is gone from the cache stays mapped, and a disk that is not found
    /// stays plugged: neither is anybody else's loss.
    /// </summary>
    public void Hold(CloneView view, int? pid, VmHoldings holdings, Action<string> lost)
    {
        foreach (var device in view.Devices ?? [])
        {
            try
            {
                if (device.Digest is { } digest)
                {
                    holdings.Add(Acquire(view.Name.Tenant, digest), device.Id);
                }
                else if (device.File is { } file)
                {
                    holdings.Add(FindDisk(device, pid, file), device.Id);
                }
            }
            catch (TemplatingException e)
            {
                lost(e.Message);
            }
        }
    }

    private PrivateDisk FindDisk(PluggedDevice device, int? pid, string file) => (pid is { } process ? store.FindDisk(process, file, device.Bytes) : null)
        ?? throw new TemplatingException(ErrorCode.IllegalState, $"The file of its disk {device.Id} is not found, and no room is kept for it.");

    private ImageLease Acquire(string tenant, string digest) => images?.Acquire(tenant, digest)
        ?? throw new TemplatingException(ErrorCode.IllegalState, "This node keeps no images, so none can be plugged.");
}

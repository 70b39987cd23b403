using Templating.OwnerPort.Requests;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.Shim.Pods;

/// <summary>
/// The node's block devices in a pod's VM: each is plugged once, for all containers that have it, and stays until the VM ends, for a container that is started
/// again has it, too.
/// </summary>
internal sealed class PodDisks(PodVmClient daemon, PodVm vm) : IDisposable
{
    private static readonly TimeSpan GuestPatience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<(uint Major, uint Minor), (DeviceNumbers Guest, bool ReadOnly)> _plugged = [];

    /// <returns>What they are to the guest, by the node's numbers.</returns>
    /// <exception cref="ShimException">The daemon does not give one out, or the guest does not see it.</exception>
    public async Task<IReadOnlyDictionary<(uint Major, uint Minor), DeviceNumbers>> PlugAsync(
        IReadOnlyList<BlockDevice> devices, CancellationToken cancellationToken)
    {
        var found = new Dictionary<(uint, uint), DeviceNumbers>();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            foreach (var device in devices)
            {
                if (!_plugged.TryGetValue(device.Numbers, out var plugged))
                {
                    plugged = _plugged[device.Numbers] = (await PlugAsync(device, cancellationToken), device.ReadOnly);
                }

                if (plugged.ReadOnly && !device.ReadOnly)
                {
                    throw ShimException.Invalid(
                        $"volumeDevices: another container of this pod has the volume of {device.Path} read-only, and so has its VM; let all have it alike.");
                }

                found[device.Numbers] = plugged.Guest;
            }
        }
        finally
        {
            _turn.Release();
        }

        return found;
    }

    public void Dispose() => _turn.Dispose();

    private async Task<DeviceNumbers> PlugAsync(BlockDevice device, CancellationToken cancellationToken)
    {
        var plugged = await daemon.PlugNodeDiskAsync(vm.Name, device, cancellationToken);
        return await vm.Guest.FindDeviceAsync(GuestDevice.AtPciAddress(plugged.Bridge), GuestPatience, cancellationToken);
    }
}

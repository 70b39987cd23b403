using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>The network of a VM that may open connections outwards: passt, and the pair that leads to it, until QEMU has its end.</summary>
internal sealed class OutboundNetwork : IDisposable
{
    private readonly SafeFileHandle _ours;
    private readonly SafeFileHandle _theirs;

    private OutboundNetwork(IReadOnlyList<PortForward> forwards)
    {
        (_ours, _theirs) = DescriptorCalls.Pair();
        Forwards = forwards;
    }

    /// <summary>QEMU's end.</summary>
    public int Descriptor => _ours.DangerousGetHandle().ToInt32();

    /// <summary>With the host ports that were chosen.</summary>
    public IReadOnlyList<PortForward> Forwards { get; }

    /// <summary>When this returns, its ports are open. Whoever disposes of it before QEMU has its end, ends it.</summary>
    public static async Task<OutboundNetwork> StartAsync(
        ProcessWatcher watcher, IReadOnlyList<PortForward> wanted, VmUser? user, VmFolder folder, TimeProvider time, CancellationToken cancellationToken)
    {
        using var reserved = new PortReservations(wanted, user);
        var network = new OutboundNetwork(reserved.Forwards);
        try
        {
            await Passt.StartAsync(
                watcher, network._theirs.DangerousGetHandle().ToInt32(), reserved.Forwards, user, folder.NetworkLog, time, cancellationToken);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }
}

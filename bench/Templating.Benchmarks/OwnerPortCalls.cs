using System.Net;
using System.Net.NetworkInformation;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;

namespace Templating.Benchmarks;

/// <summary>What the figures ask of a guest by its owner's port, as one line each.</summary>
internal static class OwnerPortCalls
{
    private const ulong UpperBytes = 16 << 20;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    public static Task<OwnerPortConnection> ConnectAsync(string path, CancellationToken cancellationToken) =>
        OwnerPortConnection.ConnectAsync(path, options: null, cancellationToken);

    /// <summary>An image by its PCI address, with a tmpfs above it; the root's folder.</summary>
    public static async Task<string> MountAsync(this OwnerPortConnection port, string name, string bridge, CancellationToken cancellationToken)
    {
        var root = new RootMount { Name = name, Image = GuestDevice.AtPciAddress(bridge), UpperMemoryBytes = UpperBytes, Wait = Wait };
        return (await port.MountAsync(root, cancellationToken)).Path;
    }

    /// <summary>The card of that address, up and with its address.</summary>
    public static Task NetworkAsync(this OwnerPortConnection port, PhysicalAddress mac, IPAddress address, byte prefix, CancellationToken cancellationToken) =>
        port.SetUpNetworkAsync(new NetworkSetup { Card = mac, Addresses = [new PodAddress(address, prefix)], Wait = Wait }, cancellationToken);

    /// <summary>The pod's network without a card.</summary>
    public static Task NetworkAsync(this OwnerPortConnection port, CancellationToken cancellationToken) =>
        port.SetUpNetworkAsync(new NetworkSetup(), cancellationToken);

    /// <summary>Until the container's process has been started.</summary>
    public static async Task<GuestProcess> RunAsync(this OwnerPortConnection port, string container, byte[] config, CancellationToken cancellationToken) =>
        Unread(await port.RunAsync(new ProcessStart(container, config), cancellationToken));

    public static async Task<GuestProcess> ExecAsync(this OwnerPortConnection port, string container, byte[] process, CancellationToken cancellationToken) =>
        Unread(await port.ExecAsync(new ProcessStart(container, process), cancellationToken));

    /// <summary>Until that process has ended, which it must have done with 0.</summary>
    public static async Task EndedAsync(this GuestProcess process, CancellationToken cancellationToken)
    {
        if (await process.Exited.WaitAsync(cancellationToken) is { Code: not 0 } or { Signal: not 0 })
        {
            throw new BenchmarkException($"A process in the guest ended with {await process.Exited}.");
        }
    }

    private static GuestProcess Unread(GuestProcess process)
    {
        process.Output.Discard();
        process.Error.Discard();
        return process;
    }
}

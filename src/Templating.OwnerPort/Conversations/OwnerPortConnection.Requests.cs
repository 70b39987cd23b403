using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;

namespace Templating.OwnerPort.Conversations;

/// <content>
/// What a guest can be asked. Each throws <see cref="ArgumentException"/> for what no guest would take, before anything is sent;
/// <see cref="GuestRefusedException"/> where the guest refuses; <see cref="TimeoutException"/> where it does not answer; and
/// <see cref="OwnerPortException"/> where the conversation is over. A caller that stops waiting does not undo what was asked.
/// </content>
public sealed partial class OwnerPortConnection
{
    /// <summary>Of files that are longer than one frame may be, or should be: another's frame has its turn between two parts.</summary>
    private const int PartBytes = 256 * 1024;

    /// <summary>Makes a root.</summary>
    public Task<MountedRoot> MountAsync(RootMount root, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(root);
        return AskAsync(root.Build(), $"to mount root {root.Name}", payload => MountedRoot.Read(root.Name, payload), root.Wait, cancellationToken);
    }

    /// <summary>Errno 16 while there is a container whose <c>config.json</c> names it.</summary>
    public Task UnmountAsync(string root, CancellationToken cancellationToken) => AskAsync(
        new FrameBuilder(FrameType.Unmount).Text(Checks.Name(root, nameof(root))), $"to unmount root {root}", Nothing, TimeSpan.Zero, cancellationToken);

    /// <summary>What a block device is to the guest's kernel. A guest from before this request refuses it by errno 71.</summary>
    /// <param name="device">Of the guest.</param>
    /// <param name="wait">How long one that is not there yet is waited for, at most 30 seconds.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<DeviceNumbers> FindDeviceAsync(GuestDevice device, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(device);
        var request = new FrameBuilder(FrameType.Device);
        device.Write(request);
        return AskAsync(request.U32(Checks.Wait(wait, nameof(wait))), $"to find device {device}", DeviceNumbers.Read, wait, cancellationToken);
    }

    /// <summary>Makes the pod's network namespace, once, and sets a card up in it.</summary>
    public Task SetUpNetworkAsync(NetworkSetup network, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        return AskAsync(network.Build(), $"to set up card {network.Name}", Nothing, network.Wait, cancellationToken);
    }

    /// <summary>Writes a file of any length, in parts; an older one of that path is overwritten. When it fails a part of it may be there.</summary>
    public async Task PlaceFileAsync(PlacedPath at, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        ArgumentNullException.ThrowIfNull(content);
        // Most files are small, and many of them on their way at once. A byte more than there is: it ends there.
        var expected = content.CanSeek ? Math.Max(content.Length - content.Position, 0) + 1 : PartBytes;
        var part = new byte[(int)Math.Min(expected, Math.Min(PartBytes, Limits.Payload - PlacedPath.Overhead))];
        var kind = PlacedPath.Kind.File;
        while (true)
        {
            // Checked before the content is read: it may come once only.
            var request = at.Build(kind, part.Length);
            var got = await content.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, cancellationToken);
            if (got > 0 || kind == PlacedPath.Kind.File)
            {
                await PlaceAsync(at, request.Raw(part.AsSpan(0, got)), cancellationToken);
            }

            if (got < part.Length)
            {
                return;
            }

            kind = PlacedPath.Kind.MoreOfFile;
        }
    }

    /// <summary>Makes a folder, or gives one that is there its mode and owner.</summary>
    public Task PlaceFolderAsync(PlacedPath at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        return PlaceAsync(at, at.Build(PlacedPath.Kind.Folder), cancellationToken);
    }

    /// <summary>Makes a link, in the place of an older one at once.</summary>
    /// <param name="at">The link. Its mode is not looked at.</param>
    /// <param name="target">Where it leads; 1 to 1,023 bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task PlaceLinkAsync(PlacedPath at, string target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        var bytes = System.Text.Encoding.UTF8.GetBytes(Checks.Text(target, PortLimits.Path, nameof(target)));
        return PlaceAsync(at, at.Build(PlacedPath.Kind.Link, bytes.Length).Raw(bytes), cancellationToken);
    }

    /// <summary>Removes a file, a link, or a folder that is empty.</summary>
    public Task RemoveAsync(PlacedPath at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        return PlaceAsync(at, at.Build(PlacedPath.Kind.Nothing), cancellationToken);
    }

    /// <summary>The end of a file. A guest from before this request refuses it by errno 71.</summary>
    /// <param name="at">The file. Its mode and owner are not looked at.</param>
    /// <param name="most">1 to 16,384 bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<byte[]> ReadFileEndAsync(PlacedPath at, int most, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(at);
        if (most is < 1 or > PortLimits.Read)
        {
            throw new ArgumentOutOfRangeException(nameof(most), most, $"Expected 1 to {PortLimits.Read}.");
        }

        return AskAsync(at.BuildRead(most), $"to read {at.Path} in root {at.Root}", payload => payload.Length <= most
            ? payload.ToArray()
            : throw new OwnerPortException($"The guest answered to READ by {payload.Length} bytes, {most} were asked for."), TimeSpan.Zero, cancellationToken);
    }

    /// <summary>
    /// Runs a container. When it is cancelled or not started in time the start is given up; it may have come to a container all the
    /// same, which <see cref="DeleteAsync"/> takes away.
    /// </summary>
    public Task<GuestProcess> RunAsync(ProcessStart container, CancellationToken cancellationToken) => StartAsync(FrameType.Run, container, cancellationToken);

    /// <summary>Runs another process in a container that runs. When it is cancelled or not started in time it is killed.</summary>
    public Task<GuestProcess> ExecAsync(ProcessStart process, CancellationToken cancellationToken) => StartAsync(FrameType.Exec, process, cancellationToken);

    /// <summary>
    /// Connects to a program that listens on the loopback of the pod, of IPv4 or else of IPv6. Errno 111 where none does; 71 of a guest from
    /// before this request, as of the next two. When it is cancelled or not connected in time it is given up.
    /// </summary>
    public async Task<GuestConnection> ConnectToPodAsync(ushort port, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(port);
        var what = $"to connect to port {port} of the pod's loopback";
        var connection = new GuestConnection(new GuestProcess(this, what, hasInput: true, hasTerminal: false, Limits.OutputWindow, Limits.InputWindow));
        var request = new FrameBuilder(FrameType.Connect).U16(port);
        await StartAsync(connection, connection.Process, request, what, PortLimits.Connections, "connections are open", cancellationToken);
        return connection;
    }

    /// <summary>Gives a container that is there other limits.</summary>
    public Task UpdateAsync(string container, ContainerLimits limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return AskAsync(limits.Build(container), $"to change the limits of container {container}", Nothing, TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Makes the PID namespace that containers of the pod may share, once.</summary>
    public Task ShareProcessesAsync(CancellationToken cancellationToken) =>
        AskAsync(new FrameBuilder(FrameType.Processes), "to make a PID namespace for the pod", Nothing, TimeSpan.Zero, cancellationToken);

    /// <summary>What the guest's kernel counts of a container.</summary>
    public Task<ContainerCounts> CountAsync(string container, CancellationToken cancellationToken) => AskAsync(
        new FrameBuilder(FrameType.Stats).Text(Checks.Name(container, nameof(container))), $"the counts of container {container}", ContainerCounts.Read,
        TimeSpan.Zero, cancellationToken);

    /// <summary>
    /// Ends what runs in a container and takes it away. It is done after the exit of each of its processes, and so only when their output
    /// is read or discarded.
    /// </summary>
    public Task DeleteAsync(string container, CancellationToken cancellationToken) => AskAsync(
        new FrameBuilder(FrameType.Delete).Text(Checks.Name(container, nameof(container))), $"to delete container {container}", Nothing,
        TimeSpan.Zero, cancellationToken);

    private Task<bool> PlaceAsync(PlacedPath at, FrameBuilder request, CancellationToken cancellationToken) =>
        AskAsync(request, $"to place {at.Path} in root {at.Root}", Nothing, TimeSpan.Zero, cancellationToken);
}

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Confinement;
using Templating.Qemu.Memory;
using Templating.Qemu.Plugging;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu;

/// <inheritdoc />
internal sealed class BlankVm(
    VmLink link, QmpClient monitor, Jail jail, Func<bool> isCurrent, QemuOptions options, TimeProvider time, ILogger logger) : IBlankVm
{
    /// <summary>For all of it. It takes 15 ms, and a busy host seconds; who waits longer than this for one that hangs is quicker with one of their own.</summary>
    private static readonly TimeSpan BindLimit = TimeSpan.FromSeconds(3);

    private QemuVm? _vm;

    public VmProcessId Process => link.Process;

    public Task Exited => link.Watched.Exited;

    public bool IsCurrent => isCurrent();

    public Task<IVm> BindAsync(PrepareRequest request, CancellationToken cancellationToken) =>
        Deadline.RunAsync(time, BindLimit, token => BindAllAsync(request, token),
            () => new TemplatingException(ErrorCode.QmpFailed, $"QEMU did not take its memory within {BindLimit.TotalSeconds:0.###} s."), cancellationToken);

    public void Kill() => link.Watched.Kill();

    public async ValueTask DisposeAsync()
    {
        if (_vm is { } vm)
        {
            await vm.DisposeAsync();
            return;
        }

        await monitor.DisposeAsync();
        link.Sockets.All.ToList().ForEach(socket => socket.Dispose());
        link.Forwards?.Dispose();
    }

    private async Task<IVm> BindAllAsync(PrepareRequest request, CancellationToken cancellationToken)
    {
        var pid = link.Process.Pid;
        using var ram = new Opened(MemoryPlaces.Ram, MemoryRole.CloneRam, QemuCommandLine.RamId, request.MemoryPath);
        using var images = new Many([.. request.ImagePaths.Select((path, i) => new Opened(MemoryPlaces.Image(i), MemoryRole.Image, QemuCommandLine.ImageId(i), path))]);
        using var state = OpenState(request.StatePath);
        IReadOnlyList<Opened> files = [ram, .. images.All];
        IReadOnlyList<MemoryBackend> backends = [.. images.All.Select(image => image.Backend)];
        // Before the first page of its guest's memory is used.
        Cgroups.Place(pid, request.Cgroups);
        var vm = _vm = new QemuVm(
            link with { Folder = request.Folder, Files = [.. files.Select(file => file.Known)], Monitor = monitor }, options, time, logger);
        await vm.GuardAsync(async () =>
        {
            MemoryPlaces.Show(pid, [.. files.Select(file => (file.Place, file.Handle))]);
            var room = MemoryRoom.Of(request.Machine, backends);
            var given = LateMemory.GiveAsync(
                monitor, ram.Backend with { Bytes = request.Machine.MemoryBytes }, backends, room, options.CommandTimeout, cancellationToken);
            var set = monitor.SetMigrationCapabilitiesAsync(options.CommandTimeout, cancellationToken);
            var handed = monitor.ExecuteAsync(
                "add-fd", w => w.WriteNumber("fdset-id", QemuCommandLine.StateSet), state, options.CommandTimeout, cancellationToken);
            await given;
            MappingCheck.Verify(pid, [.. files.Select(file => file.Known)]);
            jail.Empty(pid, files.Select(file => file.Place));
            await Task.WhenAll(set, handed);
        });
        foreach (var forward in request.Network.Forwards)
        {
            await vm.AddForwardAsync(forward, cancellationToken);
        }

        BoundFiles.Write(link.Folder, [.. files.Select(file => file.Known)]);
        // Its sockets and its output move with it: from here on it is that VM's.
        FileSystem.Rename(link.Folder.Path, request.Folder.Path);
        return vm;
    }

    private static SafeFileHandle OpenState(string path) => Open(path, out _);

    private static SafeFileHandle Open(string path, out FileStamp stamp)
    {
        try
        {
            return FileSystem.OpenRegular(path, LibC.OpenReadOnly, out stamp);
        }
        catch (IOException e)
        {
            throw HostFailure.Find(e) ?? new TemplatingException(ErrorCode.Internal, $"The VM's file cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>A file that becomes memory of its guest.</summary>
    private sealed class Opened : IDisposable
    {
        public Opened(string place, MemoryRole role, string id, string path)
        {
            (Place, Handle) = (place, Open(path, out var stamp));
            Backend = new MemoryBackend(id, role, place, stamp.Size);
            Known = new GuestFile(place, role, FileIdentity.Of(Handle));
        }

        public string Place { get; }

        public SafeFileHandle Handle { get; }

        public MemoryBackend Backend { get; }

        public GuestFile Known { get; }

        public void Dispose() => Handle.Dispose();
    }

    private sealed record Many(IReadOnlyList<Opened> All) : IDisposable
    {
        public void Dispose() => All.ToList().ForEach(file => file.Dispose());
    }
}

using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Plugging;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Probing;

/// <summary>
/// Whether this QEMU takes its memory after it has started. What it is told by (-preconfig, x-exit-preconfig, an NVDIMM whose memory comes later)
/// is not promised from one version to the next, so it is tried with each, with a machine that has both.
/// </summary>
internal sealed class BlankProbe(QemuOptions options, ProcessWatcher watcher, TimeProvider time)
{
    private const long RamBytes = 64 * MachineSpec.MiB;
    private const long ImageBytes = 2 * MachineSpec.MiB;

    /// <summary>For all of it. It takes 60 ms.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <returns>Why it does not; null when it does.</returns>
    public async Task<string?> RunAsync(string path, string version, string machine, string folder, bool refresh, CancellationToken cancellationToken)
    {
        var cache = new ProbeCache(options.BlankProbeCachePath, path, version);
        if (!refresh && cache.Read() is { } known)
        {
            return known.Problem;
        }

        string? problem;
        try
        {
            await Deadline.RunAsync(time, Limit, token => TryAsync(path, machine, folder, token),
                () => new TemplatingException(ErrorCode.QmpFailed, $"it did not answer within {Limit.TotalSeconds:0} s"), cancellationToken);
            problem = null;
        }
        catch (TemplatingException e)
        {
            problem = $"QEMU {version} does not take its memory after its start: {e.Message}";
        }

        cache.Write(problem);
        return problem;
    }

    private async Task TryAsync(string path, string machine, string folder, CancellationToken cancellationToken)
    {
        var ram = new MemoryBackend(QemuCommandLine.RamId, MemoryRole.CloneRam, MakeFile(folder, "ram", RamBytes), RamBytes);
        var image = new MemoryBackend(QemuCommandLine.ImageId(0), MemoryRole.Image, MakeFile(folder, "image", ImageBytes), ImageBytes);
        using var listening = ListeningSocket.Bind(Path.Combine(folder, "blank"));
        var socket = listening.Connect();
        await using var process = new ProbeProcess(watcher,
            [path, "-nodefaults", "-no-user-config", "-display", "none", "-machine", machine + ",nvdimm=on", "-accel", "tcg", "-preconfig", "-S", "-incoming", "defer",
             "-chardev", $"socket,id=qmp,fd={Spawner.FirstDescriptor},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
             "-device", $"nvdimm,memdev={image.Id},unarmed=on"],
            Path.Combine(folder, "blank.log"), [listening.Fd], MachineSpec.MiB);
        listening.Dispose();
        await using var qmp = new QmpClient(socket, time);
        await qmp.NegotiateAsync(Limit, cancellationToken);
        await LateMemory.GiveAsync(qmp, ram, [image], new MemoryRoom(RamBytes, RamBytes + ImageBytes, Slots: 1), Limit, cancellationToken);
        if (await qmp.QueryStatusAsync(Limit, cancellationToken) is not "inmigrate" and var state)
        {
            throw new TemplatingException(ErrorCode.QmpFailed, $"it is in the state '{state}' where it should wait for a VM's state");
        }
    }

    private static string MakeFile(string folder, string name, long bytes)
    {
        var path = Path.Combine(folder, "blank." + name);
        using var file = FileSystem.MakeFile(path, FileSystem.OwnerOnlyFile);
        RandomAccess.SetLength(file, bytes);
        return path;
    }
}

using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.Probing;

/// <summary>
/// Asks the installed QEMU what it is, once for each binary: an upgrade under a running daemon must not make it start
/// clones of templates that only the old one can read.
/// </summary>
internal sealed class QemuProbe(QemuOptions options, bool confines, ProcessWatcher watcher, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>QEMU prints two lines; what else answers may print without end.</summary>
    private const int OutputBytes = 64 * 1024;

    private readonly SemaphoreSlim _turn = new(1);
    private volatile Answer? _answer;

    public QemuFacts? Known => _answer?.Facts;

    public async Task<QemuFacts> GetAsync(bool refresh, CancellationToken cancellationToken)
    {
        if (!refresh && _answer is { } known && known.IsOf(QemuStamp.Of(known.Facts.Info.Path)))
        {
            return known.Facts;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (refresh || _answer is not { } answer || !answer.IsOf(QemuStamp.Of(answer.Facts.Info.Path)))
            {
                // Its stamp before its answers: a binary exchanged meanwhile is then asked again.
                var before = QemuStamp.Of(Locate(options.QemuPath));
                _answer = answer = new Answer(before, await ProbeAsync(refresh, cancellationToken));
            }

            return answer.Facts;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<QemuFacts> ProbeAsync(bool refresh, CancellationToken cancellationToken)
    {
        var path = Locate(options.QemuPath);
        var folder = options.ProbeFolder is { } parent ? new DirectoryInfo(Path.Combine(parent, "probe")) : Directory.CreateTempSubdirectory("templating-probe-");
        FileSystem.MakeFolder(folder.FullName, FileSystem.OwnerOnlyFolder);
        try
        {
            var version = await ReadVersionAsync(path, folder.FullName, cancellationToken);
            if (options.QuickProbe)
            {
                var closed = KvmDevice.FindProblem();
                return new QemuFacts(
                    new VmmInfo(path, version.Text, "q35", closed is null ? Accelerator.Kvm : Accelerator.Tcg, closed, HostCpu.ReadModel()) { BlankProblem = "it was not tried" },
                    new Dictionary<string, string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
            }

            var (machines, models) = await ReadModelsAsync(path, folder.FullName, cancellationToken);
            var q35 = machines.GetValueOrDefault("q35") ?? throw new TemplatingException(ErrorCode.QemuUnsupported,
                $"'{path}' has no machine type 'q35': is it qemu-system-x86_64?");
            var problem = await new KvmProbe(options, watcher, time).RunAsync(path, version.Text, q35, folder.FullName, refresh, cancellationToken);
            if (problem is not null)
            {
                Log.KvmUnusable(logger, problem);
            }

            var blank = !options.Blanks ? "it was not tried"
                : !confines ? "VMs are not confined here: the daemon has not the right (CAP_SYS_ADMIN, CAP_SYS_CHROOT) to show a VM its memory"
                : await new BlankProbe(options, watcher, time).RunAsync(path, version.Text, q35, folder.FullName, refresh, cancellationToken);
            var info = new VmmInfo(path, version.Text, q35, problem is null ? Accelerator.Kvm : Accelerator.Tcg, problem, HostCpu.ReadModel()) { BlankProblem = blank };
            Log.Probed(logger, info.Version, info.Path, info.DefaultMachineType, info.Accelerator);
            return new QemuFacts(info, machines, models);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Locate(string name)
    {
        var candidates = name.Contains('/', StringComparison.Ordinal)
            ? [Path.GetFullPath(name)]
            : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Where(f => f.Length > 0).Select(f => Path.Combine(f, name));
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return candidates.FirstOrDefault(c => File.Exists(c) && (File.GetUnixFileMode(c) & Executable) != UnixFileMode.None)
            ?? throw new TemplatingException(ErrorCode.QemuMissing,
                $"There is no executable '{name}'. Install QEMU {QemuVersion.Needed} or newer (Debian: qemu-system-x86), or set its path.");
    }

    private async Task<(Version Number, string Text)> ReadVersionAsync(string path, string folder, CancellationToken cancellationToken)
    {
        var output = Path.Combine(folder, "version");
        await using var process = new ProbeProcess(watcher, [path, "--version"], output, [], OutputBytes);
        await Deadline.RunAsync(time, options.StartTimeout, token => process.Exited.WaitAsync(token),
            () => new TemplatingException(ErrorCode.QemuMissing,
                $"'{path} --version' did not end within {options.StartTimeout.TotalSeconds:0.###} s."), cancellationToken);
        return QemuVersion.Parse(path, await File.ReadAllTextAsync(output, cancellationToken));
    }

    private async Task<(Dictionary<string, string> Machines, HashSet<string> CpuModels)> ReadModelsAsync(
        string path, string folder, CancellationToken cancellationToken)
    {
        using var listening = ListeningSocket.Bind(Path.Combine(folder, "qmp"));
        var socket = listening.Connect();
        await using var process = new ProbeProcess(watcher,
            [path, "-machine", "none", "-S", "-nodefaults", "-no-user-config", "-display", "none",
             "-chardev", $"socket,id=qmp,fd={Spawner.FirstDescriptor},server=on,wait=off", "-mon", "chardev=qmp,mode=control"],
            Path.Combine(folder, "log"), [listening.Fd], OutputBytes);
        listening.Dispose();
        await using var qmp = new QmpClient(socket, time);
        await qmp.NegotiateAsync(options.StartTimeout, cancellationToken);
        var machines = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var machine in (await qmp.ExecuteAsync("query-machines", null, options.CommandTimeout, cancellationToken)).EnumerateArray())
        {
            if (machine.Text("name") is { } name)
            {
                machines[name] = name;
                if (machine.Text("alias") is { } alias)
                {
                    machines[alias] = name;
                }
            }
        }

        var models = await qmp.ExecuteAsync("query-cpu-definitions", null, options.CommandTimeout, cancellationToken);
        return (machines, models.EnumerateArray().Select(m => m.Text("name")).OfType<string>().ToHashSet(StringComparer.Ordinal));
    }

    private sealed record Answer(QemuStamp Stamp, QemuFacts Facts)
    {
        public bool IsOf(QemuStamp stamp) => Stamp == stamp;
    }
}

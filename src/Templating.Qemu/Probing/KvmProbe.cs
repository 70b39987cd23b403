using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;
using Templating.Qemu.Process;

namespace Templating.Qemu.Probing;

/// <summary>
/// Whether KVM really works: /dev/kvm may open, make a VM and a virtual CPU, and still fail at the first instruction
/// (nested virtualisation). Only a guest that gets somewhere proves it.
/// </summary>
internal sealed class KvmProbe(QemuOptions options, ProcessWatcher watcher, TimeProvider time)
{
    /// <summary>For the tiny guest; it needs a few milliseconds where KVM works.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>accel/kvm/kvm-all.c, kvm_handle_internal_error.</summary>
    private const string InternalError = "KVM internal error";

    /// <returns>Why KVM cannot be used; null when it works.</returns>
    public async Task<string?> RunAsync(
        string path, string version, string machine, string folder, bool refresh, CancellationToken cancellationToken)
    {
        const string Device = "/dev/kvm";
        if (!File.Exists(Device))
        {
            return "/dev/kvm does not exist: the host's CPU or its hypervisor offers no virtualisation, or the module is not loaded";
        }

        var cache = new ProbeCache(options.KvmProbeCachePath, path, version);
        if (!refresh && cache.Read() is { } known)
        {
            return known.Problem;
        }

        var problem = await TryAsync(path, machine, folder, cancellationToken);
        cache.Write(problem);
        return problem;
    }

    /// <summary>Runs the tiny guest, whatever was found before.</summary>
    internal async Task<string?> TryAsync(string path, string machine, string folder, CancellationToken cancellationToken)
    {
        var firmware = Path.Combine(folder, "kvm-probe.bin");
        var output = Path.Combine(folder, "kvm-probe.log");
        using (var file = FileSystem.MakeFile(firmware, FileSystem.OwnerOnlyFile))
        {
            await RandomAccess.WriteAsync(file, ProbeFirmware.Make(), 0, cancellationToken);
        }

        await using var process = new ProbeProcess(watcher,
            [path, "-nodefaults", "-no-user-config", "-display", "none", "-machine", machine, "-accel", "kvm", "-cpu", "host",
             "-m", "16M", "-bios", firmware, "-no-reboot",
             "-device", $"isa-debug-exit,iobase=0x{ProbeFirmware.ExitPort:x},iosize=1"],
            output, [], 1024 * 1024);
        try
        {
            var exit = await Deadline.RunAsync(time, Limit, token => ExitOrComplaintAsync(process, output, token),
                () => new TemplatingException(ErrorCode.AcceleratorUnavailable,
                    $"a tiny guest did not get to its end within {Limit.TotalSeconds:0.###} s under KVM"),
                cancellationToken);
            if (exit.ExitCode == ProbeFirmware.ExitCode)
            {
                return null;
            }

            var said = ExitReport.ReadStandardError(output);
            return "a tiny guest failed under KVM: " + (said.Length > 0 ? said.ReplaceLineEndings(" ") : $"QEMU ended ({exit})");
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.AcceleratorUnavailable)
        {
            return e.Message;
        }
    }

    /// <summary>Where KVM cannot go on, QEMU says so, stops the guest, and does not end.</summary>
    private async Task<ProcessExit> ExitOrComplaintAsync(ProbeProcess process, string output, CancellationToken cancellationToken)
    {
        while (await Task.WhenAny(process.Exited, Task.Delay(LookInterval, time, cancellationToken)) != process.Exited)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var said = ExitReport.ReadStandardError(output);
            if (said.Contains(InternalError, StringComparison.Ordinal))
            {
                var line = said[said.IndexOf(InternalError, StringComparison.Ordinal)..].Split('\n')[0].Trim();
                throw new TemplatingException(ErrorCode.AcceleratorUnavailable, $"a tiny guest could not go on under KVM: {line}");
            }
        }

        return await process.Exited;
    }
}

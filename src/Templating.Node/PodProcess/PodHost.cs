using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Vms;
using Templating.Node.Linux;
using Templating.Qemu;
using Templating.Qemu.Base;

namespace Templating.Node.PodProcess;

/// <summary>
/// The process of a VM pod: one VM, one socket, and nothing of the daemon's: no web server, no telemetry, no
/// configuration files. There is one such process for each VM.
/// </summary>
internal sealed class PodHost(PodSettings settings, CliHost host)
{
    // Writing to a slow log holds a thread; the others must not wait until the pool notices.
    private const int Threads = 4;

    // What the kubelet takes.
    private const int MaxLastWords = 4096;

    /// <returns>0 where the guest ended in order, else 1.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        NativeHeap.UseOneArena();
        ThreadPool.SetMinThreads(Threads, Threads);
        VmEnd end;
        await using (var log = new PodLog(host.Error, host.Clock))
        {
            try
            {
                end = await RunVmAsync(log, cancellationToken);
            }
            catch (Exception e) when (e is TemplatingException or IOException or UnauthorizedAccessException)
            {
                end = new VmEnd(VmState.Failed, InOrder: false, HostFailure.Explain(e).Message);
            }

            log.Say($"{(end.InOrder ? "ended" : "failed")}: {end.Reason}");
        }

        WriteLastWords(end.Reason);
        return end.InOrder ? ExitCode.Ok : ExitCode.Failure;
    }

    private async Task<VmEnd> RunVmAsync(PodLog log, CancellationToken cancellationToken)
    {
        var volume = PodVolume.Open(settings.Volume);
        var printer = new ConsolePrinter(host.StandardOutput, host.Clock);
        using var vmm = CreateVmm();
        await using var vm = new PodVm(vmm, volume, settings.RunFolder, settings.Forwards, host.Clock, printer.Attach) { Ip = settings.Ip };
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        await using var cancelled = cancellationToken.Register(() => _ = vm.StopAsync(settings.Grace));
        await using (new PodServer(VolumeLayout.SocketPath(settings.Volume), vm, host.Clock, log.Say))
        {
            var telling = TellAsync(vm, log);
            await vm.StartAsync(settings.Self);
            await vm.Ended;
            await telling;
        }

        await printer.FinishAsync();
        return (await vm.Ended)!;

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            log.Say($"got {context.Signal}, asks the guest to power off");
            _ = vm.StopAsync(settings.Grace);
        }
    }

    private QemuVmm CreateVmm()
    {
        var options = new QemuOptions { QuickProbe = true, EndWithProcess = true, ProbeFolder = settings.RunFolder };
        return new QemuVmm(
            settings.QemuPath is { } path ? options with { QemuPath = path } : options, host.Clock, NullLogger<QemuVmm>.Instance);
    }

    private static async Task TellAsync(PodVm vm, PodLog log)
    {
        var told = (Waits: false, Ready: false);
        await foreach (var view in vm.WatchAsync(CancellationToken.None))
        {
            var now = (Waits: view is { State: VmState.Restored, Id: "" }, Ready: view is { State: VmState.Running, ReadyAt: not null });
            if (now != told && now != default)
            {
                var phases = string.Join(", ", view.Phases.Select(p => $"{p.Name} {p.Duration.TotalMilliseconds:0} ms"));
                log.Say(now.Waits ? $"waits for its activation ({phases})" : $"ready as {view.Id} ({phases})");
                ResidentMemory.GiveBack();
            }

            told = now;
        }
    }

    private void WriteLastWords(string reason)
    {
        if (!File.Exists(settings.TerminationLog))
        {
            return;
        }

        try
        {
            using var log = new StreamWriter(new FileStream(settings.TerminationLog, FileMode.Truncate, FileAccess.Write));
            log.Write(reason.Length <= MaxLastWords / 4 ? reason : reason[..(MaxLastWords / 4)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The same words are in the log.
        }
    }
}

using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Console;
using Templating.Qemu.GuestAgent;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu;

/// <summary>One running QEMU.</summary>
internal sealed class QemuVm : IVm
{
    /// <summary>
    /// For reading what a QEMU that is gone had said: why it ended is in there. Its sockets have ended with it, so that this is the time that a
    /// busy host takes to come to it.
    /// </summary>
    private static readonly TimeSpan LastReads = TimeSpan.FromSeconds(2);

    /// <summary>A step may fail before the kernel tells of QEMU's end, which is known when what it said last was read.</summary>
    private static readonly TimeSpan LastWords = LastReads + TimeSpan.FromSeconds(1);

    /// <summary>For reading a frozen state.</summary>
    private static readonly TimeSpan RestoreLimit = TimeSpan.FromSeconds(30);

    /// <summary>For writing one.</summary>
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(60);

    /// <summary>For writing one line to a socket, which takes it at once or is full.</summary>
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(1);

    private readonly VmLink _link;
    private readonly QemuOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly QmpClient _qmp;
    private readonly ConsolePump _console;
    private readonly Guest _guest;
    private volatile string? _shutdownReason;
    private volatile bool _killed;
    private volatile bool _answered;

    public QemuVm(VmLink link, QemuOptions options, TimeProvider time, ILogger logger)
    {
        (_link, _options, _time, _logger) = (link, options, time, logger);
        _qmp = link.Monitor ?? new QmpClient(link.Sockets.Qmp, time, OnEvent);
        _qmp.OnEvent = OnEvent;
        _answered = link.Monitor is not null;
        Devices = new QemuDevices(this, link, options, time);
        _console = new ConsolePump(link.Sockets.Console);
        Exited = WaitExitAsync();
        _guest = new Guest(
            new GuestClient(link.Folder.Guest, link.Sockets.Guest, time),
            new QgaClient(link.Folder.Agent, link.Sockets.Agent, time), time, WaitStoppedAsync());
    }

    public VmProcessId Process => _link.Process;

    public Task<VmExit> Exited { get; }

    public IGuest Guest => _guest;

    public IConsole Console => _console;

    public QemuDevices Devices { get; }

    IVmDevices IVm.Devices => Devices;

    public QmpClient Qmp => _qmp;

    /// <summary>From the first byte to QEMU's answers. The checks of the mappings run while QEMU works.</summary>
    /// <param name="limit">For all of it.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    public Task StartAsync(TimeSpan limit, CancellationToken cancellationToken) => GuardAsync(() =>
        Deadline.RunAsync(_time, limit, async token =>
        {
            // All at once: QEMU takes them in order. The first is answered when the machine has been made.
            var negotiated = _qmp.NegotiateAsync(limit, token);
            var set = _qmp.SetMigrationCapabilitiesAsync(limit, token);
            await negotiated;
            _answered = true;
            MappingCheck.Verify(Process.Pid, _link.Files);
            await set;
        }, () => new TemplatingException(ErrorCode.QmpFailed,
            $"QEMU did not answer within {limit.TotalSeconds:0.###} s of its start."), cancellationToken));

    public Task RestoreAsync(CancellationToken cancellationToken) => TransferAsync("migrate-incoming", RestoreLimit, cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken)
    {
        // From now on a guest runs there, and its QEMU gets no more of the host's sockets.
        _link.Forwards?.Dispose();
        return SwitchAsync("cont", undo: "stop", cancellationToken);
    }

    public Task PauseAsync(CancellationToken cancellationToken) => SwitchAsync("stop", undo: "cont", cancellationToken);

    public async Task<VmRunState> QueryStateAsync(CancellationToken cancellationToken)
    {
        var state = VmRunState.Stopped;
        await GuardAsync(async () => state = await _qmp.QueryStatusAsync(Timeout.InfiniteTimeSpan, cancellationToken) switch
        {
            "inmigrate" => VmRunState.Prepared,
            "running" => VmRunState.Running,
            "paused" or "prelaunch" or "postmigrate" or "finish-migrate" or "restore-vm" or "save-vm" => VmRunState.Paused,
            // The other members of QAPI's RunState.
            "shutdown" or "guest-panicked" or "internal-error" or "io-error" or "suspended" or "watchdog" or "debug" or "colo" => VmRunState.Stopped,
            var other => throw new TemplatingException(ErrorCode.QmpFailed,
                $"QEMU says its state is '{QmpMessage.Quote(System.Text.Encoding.UTF8.GetBytes(other))}', which is none."),
        });
        return state;
    }

    public async Task FreezeAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync("stop", cancellationToken);
        await TransferAsync("migrate", FreezeLimit, cancellationToken);
    }

    public async Task<IReadOnlyList<PortForward>> QueryForwardsAsync(CancellationToken cancellationToken)
    {
        if ((_link.KnownForwards ?? _link.Forwards?.Bound()) is { } known)
        {
            return known;
        }

        var text = "";
        await GuardAsync(async () =>
            text = await _qmp.HumanAsync("info usernet", _options.CommandTimeout, cancellationToken));
        return UserNetwork.ParseForwards(text);
    }

    public async Task AddForwardAsync(PortForward forward, CancellationToken cancellationToken)
    {
        _link.Forwards?.Allow(forward);
        var rule = QemuCommandLine.ForwardRule(forward);
        var answer = "";
        await GuardAsync(async () => answer = await _qmp.HumanAsync(
            $"hostfwd_add {QemuCommandLine.NetworkId} {rule}", _options.CommandTimeout, cancellationToken));
        // The human monitor has no error codes: it prints nothing where all went well.
        if (answer.Trim() is { Length: > 0 } problem)
        {
            // It does not say what is wrong with a port, and the kernel does. Nobody else's user than this process's runs a VM that is restored here.
            using var reserved = new PortReservations([forward], user: null);
            throw new TemplatingException(ErrorCode.PortUnavailable,
                $"The port {forward.HostAddress}:{forward.HostPort} cannot lead to the guest's {forward.GuestPort}: "
                + ConsoleText.Clean(System.Text.Encoding.UTF8.GetBytes(problem), 256));
        }
    }

    public Task<VmMemory> ReadMemoryAsync(CancellationToken cancellationToken) =>
        Task.FromResult(MemoryReader.Read(Process.Pid, _link.Files));

    public IReadOnlyList<IReadOnlyList<FileRange>> ReadUsedPages() => UsedPages.Read(Process.Pid, _link.Files);

    public async Task<VmExit> StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (grace > TimeSpan.Zero && !Exited.IsCompleted)
        {
            try
            {
                await Deadline.RunAsync(_time, grace, async token =>
                {
                    await ExecuteAsync("system_powerdown", token);
                    return await Exited.WaitAsync(token);
                }, () => new TemplatingException(ErrorCode.GuestNotReady, "The guest did not power off in time."), cancellationToken);
            }
            catch (TemplatingException e)
            {
                Log.GraceOver(_logger, Process.Pid, e.Message);
            }
        }

        return await KillAsync();
    }

    public async Task<VmExit> KillAsync()
    {
        if (!Exited.IsCompleted)
        {
            _killed = true;
            _link.Watched.Kill();
        }

        return await Exited;
    }

    public async ValueTask DisposeAsync()
    {
        await _guest.DisposeAsync();
        await _console.DisposeAsync();
        await _qmp.DisposeAsync();
        Devices.Dispose();
        _link.Forwards?.Dispose();
    }

    /// <summary>
    /// A command that nobody waits for any more is not taken back by that: QEMU carries it out when it comes to it. So its
    /// opposite is put behind it, for QEMU takes its commands in order, and the CPUs end as the caller was told that they are.
    /// </summary>
    private async Task SwitchAsync(string command, string undo, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(command, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or TemplatingException { Code: ErrorCode.QmpFailed })
        {
            await _qmp.PostAsync(undo, UndoTimeout);
            throw;
        }
    }

    private Task ExecuteAsync(string command, CancellationToken cancellationToken) =>
        GuardAsync(() => _qmp.ExecuteAsync(command, null, _options.CommandTimeout, cancellationToken));

    private Task TransferAsync(string command, TimeSpan limit, CancellationToken cancellationToken) =>
        GuardAsync(() => Deadline.RunAsync(_time, limit,
            token => _qmp.MigrateAsync(command, QemuCommandLine.StatePath, _options.CommandTimeout, token),
            () => new TemplatingException(ErrorCode.QmpFailed,
                $"QEMU did not finish '{command}' of its state within {limit.TotalSeconds:0.###} s."), cancellationToken));

    /// <summary>Where a step fails because QEMU has ended, the error says so, and what QEMU said last.</summary>
    public async Task GuardAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (IsOfTheEnd(e))
        {
            using var limit = new CancellationTokenSource(LastWords, _time);
            try
            {
                var exit = await Exited.WaitAsync(limit.Token);
                throw QemuEnd.Explain(exit, _answered, e);
            }
            catch (OperationCanceledException)
            {
                // The process lives: then the step's own error is the truth, which may be that its monitor is gone.
                ExceptionDispatchInfo.Throw(e is IOException && _qmp.IsOver ? new TemplatingException(ErrorCode.QmpFailed, e.Message, e) : e);
            }
        }
    }

    /// <summary>
    /// Whether QEMU's end may be the cause: a process that is gone answers no command and has no mappings, and the kernel has many
    /// ways to say so of its files and sockets.
    /// </summary>
    private bool IsOfTheEnd(Exception e) => e is TemplatingException { Code: ErrorCode.IsolationViolated or ErrorCode.Internal } or IOException or UnauthorizedAccessException
        || (e is TemplatingException { Code: ErrorCode.QmpFailed } && _qmp.IsOver);

    private void OnEvent(QmpEvent @event)
    {
        if (@event.Name is "SHUTDOWN")
        {
            _shutdownReason = @event.Text("reason");
        }
        else if (@event.Name is "GUEST_PANICKED")
        {
            _shutdownReason = "guest-panic";
        }
        else if (@event.Name is "NETDEV_STREAM_DISCONNECTED")
        {
            // Without it the guest would go on, cut off, and nobody would know why.
            _shutdownReason = ExitReport.NetworkEnded;
            _link.Watched.Kill();
        }
        else if (@event.Name is "VSERPORT_CHANGE" && @event.Text("id") is QemuCommandLine.GuestPortId && @event.Data.Flag("open") is { } open)
        {
            _guest?.PortChanged(open);
        }
    }

    private async Task<VmExit> WaitExitAsync()
    {
        var exit = await _link.Watched.Exited;
        using var limit = new CancellationTokenSource(LastReads, _time);
        await Task.WhenAny(Task.WhenAll(_qmp.Closed, _console.Closed), Task.Delay(Timeout.InfiniteTimeSpan, _time, limit.Token));
        var end = ExitReport.Make(exit, _shutdownReason, _killed, ExitReport.ReadStandardError(_link.Folder.StandardError));
        // A kernel that panicked reboots, or halts; it does not power off.
        var panic = end.GuestRequested && _shutdownReason is not "guest-shutdown" ? ConsoleText.PanicLine(_console.ReadTail()) : null;
        if (panic is not null || _shutdownReason is "guest-panic")
        {
            end = end with { Panicked = true, Reason = ExitReport.Panicked + (panic is null ? "" : $": {panic}") };
        }

        Log.Exited(_logger, Process.Pid, end.Reason);
        return end;
    }

    /// <summary>What waits for a guest wants to hear, with the end of what it printed.</summary>
    private async Task<TemplatingException> WaitStoppedAsync()
    {
        var exit = await Exited;
        var tail = _console.ReadTail();
        var console = tail.Length > 0 ? $" From its console:\n{ConsoleText.Excerpt(tail)}" : " It printed nothing.";
        var end = QemuEnd.Explain(exit, answered: true);
        return new TemplatingException(end.Code, end.Message + console);
    }
}

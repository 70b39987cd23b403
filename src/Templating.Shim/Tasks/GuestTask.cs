using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Stdio;

namespace Templating.Shim.Tasks;

/// <summary>A process in the guest, between containerd's pipes and the owner's port.</summary>
/// <param name="name">Its own.</param>
/// <param name="io">containerd's pipes.</param>
/// <param name="launch">Starts it in the guest.</param>
/// <param name="beforeEnd">What has to be done before its end is told; says whether one of its children was killed for want of memory.</param>
/// <param name="log">The shim's.</param>
/// <param name="clock">For the time of its end.</param>
internal sealed class GuestTask(
    ProcessName name, ProcessIo io, Func<WindowSize?, CancellationToken, Task<GuestProcess>> launch, Func<Task<bool>> beforeEnd, ShimLog log,
    TimeProvider clock)
    : TaskProcess(name, io, clock)
{
    private const uint NoSuchProcess = 3; // ESRCH

    /// <summary>Of a terminal whose size nobody has said yet.</summary>
    private static readonly WindowSize Usual = new(24, 80);

    private WindowSize _size = Usual;
    private bool _inputClosed;
    private ProcessStreams? _streams;
    private GuestProcess? _process;

    public override async Task ResizeAsync(WindowSize size, CancellationToken cancellationToken)
    {
        if (!Io.Terminal)
        {
            throw ShimException.NotNow($"{Name} has no terminal: there is nothing to resize.");
        }

        _size = size;
        if (_process is { } process && State == ProcessState.Running)
        {
            await TellAsync(() => process.ResizeAsync(size, cancellationToken));
        }
    }

    public override Task CloseInputAsync(CancellationToken cancellationToken)
    {
        _inputClosed = true;
        _streams?.CloseInput();
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_streams is { } streams)
        {
            await streams.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override async Task LaunchAsync(CancellationToken cancellationToken)
    {
        var streams = ProcessStreams.Open(Io.Input, Io.Output, Io.Error, Io.Terminal, new ShimLogger(log), Clock);
        try
        {
            var steps = new Steps(Clock);
            _process = await steps.RunAsync("run", () => launch(Io.Terminal ? _size : null, cancellationToken));
            if (Name.IsTask)
            {
                log.Info($"Start of {Name.Container} after {steps}");
            }
        }
        catch
        {
            await streams.DisposeAsync();
            throw;
        }

        _streams = streams;
        streams.Start(_process);
        if (_inputClosed)
        {
            streams.CloseInput();
        }

        _ = WatchAsync(_process, streams);
    }

    protected override async Task SignalAsync(int signal, bool everyone, CancellationToken cancellationToken)
    {
        await TellAsync(() => _process!.SignalAsync(signal, everyone, cancellationToken));
        if (signal == Signals.Kill)
        {
            _streams!.ExpectEnd();
        }
    }

    private async Task TellAsync(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (GuestRefusedException e) when (e.Errno == NoSuchProcess)
        {
            throw ShimException.NotFound($"{Name} has ended.");
        }
    }

    private async Task WatchAsync(GuestProcess process, ProcessStreams streams)
    {
        ProcessExit? exit = null;
        try
        {
            exit = await process.Exited;
        }
        catch (OwnerPortException)
        {
            // Its VM is gone, or has broken the conversation: whoever watches the VM says why.
        }

        await streams.Drained;
        var starved = await beforeEnd();
        var end = exit is null ? new ProcessEnd(ProcessEnd.Killed, Now) : ProcessEnd.Of(exit, Now);
        End(end with { OutOfMemory = end.OutOfMemory || starved });
    }
}

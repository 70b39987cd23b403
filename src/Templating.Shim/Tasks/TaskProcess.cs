using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;

namespace Templating.Shim.Tasks;

/// <summary>
/// What containerd starts, signals and waits for: a container's first process, another one in it, or the pod's sandbox, which is the VM.
/// Its state goes one way; the end is set once, whoever sees it first.
/// </summary>
internal abstract class TaskProcess(ProcessName name, ProcessIo io, TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _start = new();
    private readonly TaskCompletionSource<ProcessEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProcessState _state = ProcessState.Created;

    public ProcessName Name => name;

    public ProcessIo Io => io;

    /// <summary>Told after all of its output was written, and never before it was created.</summary>
    public Task<ProcessEnd> Ended => _ended.Task;

    public ProcessState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    protected TimeProvider Clock => clock;

    protected DateTimeOffset Now => clock.GetUtcNow();

    /// <exception cref="ShimException">It was started or has ended, or cannot be started; then it is stopped.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_state != ProcessState.Created)
            {
                throw ShimException.NotNow($"{name} cannot be started: it is {Word(_state)}.");
            }

            _state = ProcessState.Starting;
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _start.Token);
        try
        {
            await LaunchAsync(both.Token);
        }
        catch (OperationCanceledException) when (_start.IsCancellationRequested)
        {
            End(new ProcessEnd(ProcessEnd.Killed, Now));
            throw ShimException.NotNow($"{name} was killed while it started.");
        }
        catch
        {
            End(new ProcessEnd(ProcessEnd.Killed, Now));
            throw;
        }

        lock (_lock)
        {
            // It may have ended already.
            if (_state == ProcessState.Starting)
            {
                _state = ProcessState.Running;
            }
        }
    }

    /// <returns>Whether it ended by that without ever having been started.</returns>
    /// <exception cref="ShimException">Not found: it has ended, which callers take for success.</exception>
    public async Task<bool> KillAsync(int signal, bool everyone, CancellationToken cancellationToken)
    {
        switch (State)
        {
            case ProcessState.Stopped:
                throw ShimException.NotFound($"{name} has ended.");
            case ProcessState.Created when Signals.AreDeadly(signal):
                return End(new ProcessEnd(ProcessEnd.StatusOf(signal), Now));
            case ProcessState.Created:
                throw ShimException.NotNow($"{name} has not been started: only SIGTERM, SIGINT, SIGQUIT, SIGHUP and SIGKILL end it now.");
            case ProcessState.Starting when Signals.AreDeadly(signal):
                await _start.CancelAsync();
                return false;
            case ProcessState.Starting:
                throw ShimException.NotNow($"{name} is being started.");
            default:
                await SignalAsync(signal, everyone, cancellationToken);
                return false;
        }
    }

    public abstract Task ResizeAsync(WindowSize size, CancellationToken cancellationToken);

    public abstract Task CloseInputAsync(CancellationToken cancellationToken);

    /// <summary>Gives back what it has; to be called once, of what has ended or was never started.</summary>
    public virtual ValueTask DisposeAsync()
    {
        _start.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>It is over, also when it never began.</summary>
    /// <returns>Whether this was the first to say so.</returns>
    public bool End(ProcessEnd end)
    {
        lock (_lock)
        {
            _state = ProcessState.Stopped;
        }

        return _ended.TrySetResult(end);
    }

    protected abstract Task LaunchAsync(CancellationToken cancellationToken);

    protected abstract Task SignalAsync(int signal, bool everyone, CancellationToken cancellationToken);

    private static string Word(ProcessState state) => state switch
    {
        ProcessState.Starting => "being started",
        ProcessState.Running => "running",
        ProcessState.Stopped => "stopped",
        _ => "created",
    };
}

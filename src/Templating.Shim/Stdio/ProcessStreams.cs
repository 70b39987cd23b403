using Microsoft.Extensions.Logging;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;

namespace Templating.Shim.Stdio;

/// <summary>
/// Between containerd's named pipes and a process in the guest. A reader that does not read stops its own process, when the process'
/// window is full, and nothing else.
/// </summary>
internal sealed partial class ProcessStreams : IAsyncDisposable
{
    /// <summary>How long the rest of an ended process' output waits for a reader.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private const int BufferBytes = 16 * 1024;

    private readonly Fifo? _input;
    private readonly Fifo? _output;
    private readonly Fifo? _error;
    private readonly bool _terminal;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _restIsOver;
    private readonly CancellationTokenSource _inputOver = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _endExpected;
    private Task _work = Task.CompletedTask;

    private ProcessStreams(Fifo? input, Fifo? output, Fifo? error, bool terminal, ILogger logger, TimeProvider time)
    {
        (_input, _output, _error, _terminal, _logger) = (input, output, error, terminal, logger);
        _restIsOver = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>Whether there is one, so that the process is to be started with <see cref="ProcessStart.Input"/>.</summary>
    public bool HasInput => _input is not null;

    /// <summary>When all output of the process is in the pipes, and they are closed. It never fails.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Opens the pipes, which does not wait for anybody.</summary>
    /// <param name="stdin">Its path; empty for none, as are the other two.</param>
    /// <param name="stdout">What is written to none is dropped.</param>
    /// <param name="stderr">Not used at a terminal.</param>
    /// <param name="terminal">Whether the process has one.</param>
    /// <param name="logger">Told what was dropped.</param>
    /// <param name="time">Of <see cref="Rest"/>.</param>
    /// <exception cref="Errors.ShimException">It is no named pipe, or cannot be opened; nothing is open then.</exception>
    public static ProcessStreams Open(string stdin, string stdout, string stderr, bool terminal, ILogger logger, TimeProvider time)
    {
        Fifo? input = null;
        Fifo? output = null;
        try
        {
            input = Fifo.OpenInput(stdin, "stdin");
            output = Fifo.OpenOutput(stdout, "stdout");
            return new ProcessStreams(input, output, terminal ? null : Fifo.OpenOutput(stderr, "stderr"), terminal, logger, time);
        }
        catch
        {
            input?.Dispose();
            output?.Dispose();
            throw;
        }
    }

    /// <summary>Once, as soon as the process was started: it waits when nobody takes its output.</summary>
    public void Start(GuestProcess process) => _work = RunAsync(process);

    /// <summary>Its input ends with what is in the pipe, when its last other writer has closed it. Also before it has started.</summary>
    public void CloseInput() => _input?.EndInput();

    /// <summary>
    /// The process was killed: what nobody has read <see cref="Rest"/> from now is dropped. Without this, a process whose output
    /// nobody reads would not be seen to end, for its end comes after its output.
    /// </summary>
    public void ExpectEnd()
    {
        // From the first time on: who kills again and again must not move it.
        if (Interlocked.Exchange(ref _endExpected, 1) == 0)
        {
            _restIsOver.CancelAfter(Rest);
        }
    }

    /// <summary>Closes the pipes at once, whatever is still to come.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _inputOver.CancelAsync();
        await _restIsOver.CancelAsync();
        await _work;
        ClosePipes();
        _drained.TrySetResult();
    }

    private async Task RunAsync(GuestProcess process)
    {
        var input = CopyInAsync(process);
        var outputs = Task.WhenAll(CopyOutAsync(process.Output, _output, "stdout"), CopyOutAsync(process.Error, _error, "stderr"));
        try
        {
            await WaitForEndAsync(process);
            ExpectEnd();
            await _inputOver.CancelAsync();
            await outputs;
            await input;
        }
        finally
        {
            ClosePipes();
            _drained.TrySetResult();
        }
    }

    private async Task WaitForEndAsync(GuestProcess process)
    {
        try
        {
            await process.Exited.WaitAsync(_closing.Token);
        }
        catch (Exception e) when (e is OwnerPortException or OperationCanceledException)
        {
            // Its output ends as well.
        }
    }

    private async Task CopyOutAsync(GuestOutput from, Fifo? to, string stream)
    {
        if (to is null)
        {
            from.Discard();
            return;
        }

        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReadAsync(buffer, _closing.Token) is > 0 and var got)
            {
                await to.WriteAsync(buffer.AsMemory(0, got), _restIsOver.Token);
            }
        }
        catch (OwnerPortException)
        {
            // Who waits for the process is told.
        }
        catch (OperationCanceledException)
        {
            from.Discard();
            LogDropped(stream, _closing.IsCancellationRequested ? "it is closed" : "nobody read it after the process' end");
        }
        catch (IOException e)
        {
            from.Discard();
            LogDropped(stream, e.Message);
        }
    }

    private async Task CopyInAsync(GuestProcess process)
    {
        if (_input is null)
        {
            return;
        }

        var buffer = new byte[BufferBytes];
        try
        {
            while (await _input.ReadAsync(buffer, _inputOver.Token) is > 0 and var got)
            {
                if (!await process.WriteInputAsync(buffer.AsMemory(0, got), _inputOver.Token))
                {
                    return;
                }
            }

            // A terminal has no end but the one that its user types.
            if (!_terminal && !process.Exited.IsCompleted)
            {
                await process.EndInputAsync(_inputOver.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or OwnerPortException)
        {
            // The process has ended, and nobody takes it any more.
        }
        catch (IOException e)
        {
            LogDropped("stdin", e.Message);
        }
        finally
        {
            // Who writes to it is told now, and not when the process ends.
            _input.Dispose();
        }
    }

    private void ClosePipes()
    {
        _input?.Dispose();
        _output?.Dispose();
        _error?.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was left of {Stream} is dropped: {Reason}")]
    private partial void LogDropped(string stream, string reason);
}

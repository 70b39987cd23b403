using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Processes;

/// <summary>
/// A process in the guest: a container's first, or another one in it. It does not end with this object: it ends by itself, by a signal,
/// with its container, or with the connection.
/// </summary>
public sealed class GuestProcess : IFrameTarget
{
    private const int InputChunk = 32_768;
    private const uint NoSuchProcess = 3;

    private readonly IFrameSender _port;
    private readonly string _what;
    private readonly bool _hasInput;
    private readonly bool _hasTerminal;
    private readonly OutputCredit _credit;
    private readonly InputRoom _room;
    private readonly TaskCompletionSource<GuestProcess> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ProcessExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _stream;
    private int _writing;
    private bool _inputEnded;

    internal GuestProcess(IFrameSender port, string what, bool hasInput, bool hasTerminal, int outputWindow, int inputWindow)
    {
        (_port, _what, _hasInput, _hasTerminal) = (port, what, hasInput, hasTerminal);
        _credit = new OutputCredit(port, outputWindow);
        _room = new InputRoom(inputWindow);
        (Output, Error) = (new GuestOutput(_credit), new GuestOutput(_credit));
    }

    /// <summary>As the guest numbers it: nothing of the host has that number.</summary>
    public uint GuestPid { get; private set; }

    /// <summary>Standard output; at a terminal all there is.</summary>
    public GuestOutput Output { get; }

    /// <summary>Standard error; at a terminal it has nothing.</summary>
    public GuestOutput Error { get; }

    /// <summary>
    /// How it ended. It is told after all of its output has come, and so never where that is neither read nor discarded.
    /// Fails by <see cref="OwnerPortException"/> when the conversation ends before.
    /// </summary>
    public Task<ProcessExit> Exited => _exited.Task;

    internal Task<GuestProcess> Started => _started.Task;

    internal uint Stream
    {
        get => _stream;
        set => (_stream, _credit.Stream) = (value, value);
    }

    /// <summary>
    /// Writes to its standard input; waits while 65,536 bytes are on the way that it has not taken. By one caller at a time. When it is
    /// cancelled a part may have been sent.
    /// </summary>
    /// <returns>False when the process has ended, whether or not it took it.</returns>
    /// <exception cref="InvalidOperationException">It was started without input, its input has ended, or another caller writes.</exception>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    public async Task<bool> WriteInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        BeginInput();
        try
        {
            while (data.Length > 0)
            {
                var count = await _room.TakeAsync(Math.Min(data.Length, InputChunk), cancellationToken);
                if (count == 0)
                {
                    return false;
                }

                await SendInputAsync(data[..count], cancellationToken);
                data = data[count..];
            }

            return !_exited.Task.IsCompleted;
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>Ends its standard input. A terminal's does not end: it has a character that its program takes for an end.</summary>
    /// <exception cref="InvalidOperationException">It was started without input, its input has ended, or another caller writes.</exception>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    public async Task EndInputAsync(CancellationToken cancellationToken)
    {
        BeginInput();
        try
        {
            var sending = await _port.BeginSendAsync(new FrameBuilder(FrameType.InputEnd).Build(Stream), cancellationToken);
            _inputEnded = true;
            await sending.WaitAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <param name="signal">1 to 64, as Linux numbers them.</param>
    /// <param name="everyone">To every process of its container; else to it alone.</param>
    /// <param name="cancellationToken">Stops waiting; the signal may have been sent.</param>
    /// <exception cref="GuestRefusedException">Errno 3: it has ended.</exception>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    /// <exception cref="TimeoutException">No answer came.</exception>
    public async Task SignalAsync(int signal, bool everyone, CancellationToken cancellationToken)
    {
        if (signal is < 1 or > PortLimits.HighestSignal)
        {
            throw new ArgumentOutOfRangeException(nameof(signal), signal, $"Expected 1 to {PortLimits.HighestSignal}.");
        }

        await AskAsync(new FrameBuilder(FrameType.Signal).U32(Stream).U8((byte)signal).U8(everyone ? (byte)1 : (byte)0), $"signal {signal}", cancellationToken);
    }

    /// <exception cref="InvalidOperationException">It has no terminal.</exception>
    /// <exception cref="GuestRefusedException">Errno 3: it has ended.</exception>
    /// <exception cref="OwnerPortException">The conversation is over.</exception>
    /// <exception cref="TimeoutException">No answer came.</exception>
    public async Task ResizeAsync(WindowSize size, CancellationToken cancellationToken)
    {
        if (!_hasTerminal)
        {
            throw new InvalidOperationException("It was started without a terminal.");
        }

        await AskAsync(new FrameBuilder(FrameType.Resize).U32(Stream).U16(size.Rows).U16(size.Columns), "another size of the terminal", cancellationToken);
    }

    Action? IFrameTarget.Take(Frame frame)
    {
        var running = _started.Task.IsCompleted;
        switch (frame.Type)
        {
            case FrameType.Started when !running:
                GuestPid = OneNumber(frame);
                _started.TrySetResult(this);
                return null;
            case FrameType.Error when !running:
                var refusal = Answers.Refusal(frame, _what);
                return () => FailStart(refusal);
            case FrameType.Output when running:
                Add(Output, frame);
                return null;
            case FrameType.ErrorOutput when running && !_hasTerminal:
                Add(Error, frame);
                return null;
            case FrameType.Taken when running:
                _room.Taken(OneNumber(frame));
                return null;
            case FrameType.Exit when running:
                var exit = ProcessExit.Read(frame);
                return () =>
                {
                    End(null);
                    _exited.TrySetResult(exit);
                };
            default:
                throw Answers.Unexpected(frame, $"{_what}, which {(running ? "runs" : "is being started")}");
        }
    }

    void IFrameTarget.Fail(OwnerPortException fault)
    {
        End(fault);
        FailStart(new OwnerPortException(fault.Message, fault));
        _exited.TrySetException(new OwnerPortException(fault.Message, fault));
        _ = _exited.Task.Exception;
    }

    private static uint OneNumber(Frame frame)
    {
        var fields = new FieldReader(frame.Type, frame.Payload.Span);
        var number = fields.U32();
        fields.End();
        return number;
    }

    private static void Add(GuestOutput to, Frame frame)
    {
        if (frame.Payload.Length is 0 or > PortLimits.OutputChunk)
        {
            throw new OwnerPortException($"The guest sent {frame.Type} of {frame.Payload.Length} bytes; expected 1 to {PortLimits.OutputChunk}.");
        }

        to.Add(frame.Payload.Span);
    }

    /// <summary>Looked at once, as its end is: not each of them has somebody who waits.</summary>
    private void FailStart(Exception why)
    {
        _started.TrySetException(why);
        _ = _started.Task.Exception;
    }

    private void End(OwnerPortException? fault)
    {
        _credit.End();
        Output.Complete(fault);
        Error.Complete(fault);
        _room.Complete(fault);
    }

    /// <summary>Its stream is free for another once it has ended: that one must not get what was meant for it.</summary>
    private Task AskAsync(FrameBuilder request, string what, CancellationToken cancellationToken) => _exited.Task.IsCompletedSuccessfully
        ? Task.FromException(new GuestRefusedException(what, NoSuchProcess, "it has ended"))
        : _port.AskAsync(request, what, cancellationToken);

    private async Task SendInputAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var frame = new FrameBuilder(FrameType.Input, data.Length).Raw(data.Span).Build(Stream);
        Task sending;
        try
        {
            sending = await _port.BeginSendAsync(frame, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _room.GiveBack(data.Length);
            throw;
        }

        await sending.WaitAsync(cancellationToken);
    }

    private void BeginInput()
    {
        if (!_hasInput || _inputEnded)
        {
            throw new InvalidOperationException(_inputEnded ? "Its input has ended." : "It was started without input.");
        }

        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("Another caller writes to its input already.");
        }
    }
}

using System.Net.Sockets;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;

namespace Templating.OwnerPort.Conversations;

/// <summary>
/// An owner's conversation with the guest of its sandbox (docs/guest-protocol.md, "The owner's port, version 1"). Any number of requests
/// and processes at once: none waits for another's answer. When it is disposed of, or lost, the guest ends all containers and unmounts
/// all roots. The guest is trusted in nothing: what no guest says ends the conversation.
/// </summary>
public sealed partial class OwnerPortConnection : IFrameSender, IAsyncDisposable
{
    private readonly Stream _port;
    private readonly FrameReader _reader;
    private readonly OwnerPortOptions _options;
    private readonly StreamTable _streams = new();
    private readonly Outbox _outbox;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<OwnerPortException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _isOver;
    private readonly Task _reading;
    private int _ending;
    private int _disposed;

    private OwnerPortConnection(Stream port, GuestLimits limits, ReadOnlyMemory<byte> first, OwnerPortOptions options)
    {
        (_port, Limits, _options, _isOver) = (port, limits, options, _over.Token);
        (_reader, _outbox) = (new FrameReader(port, first), new Outbox(port, End, _isOver));
        _reading = Task.Run(ReadAsync, CancellationToken.None);
    }

    /// <summary>What the guest said it takes.</summary>
    public GuestLimits Limits { get; }

    /// <summary>When the conversation is over: why. It never fails.</summary>
    public Task<OwnerPortException> Ended => _ended.Task;

    /// <summary>Opens the port and greets the guest, which ends first whatever ran for an owner before.</summary>
    /// <param name="path">Of the socket, as the node tells it (<c>SandboxConnection.owner_port</c>).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">One of the options is none.</exception>
    /// <exception cref="OwnerPortException">The port cannot be opened, closed, or stayed silent; or the guest is none of this protocol.</exception>
    public static async Task<OwnerPortConnection> ConnectAsync(string path, OwnerPortOptions? options, CancellationToken cancellationToken)
    {
        options = (options ?? new OwnerPortOptions()).Checked();
        for (var attempt = 0; attempt < options.GreetingTimeouts.Count; attempt++)
        {
            // By a connection of its own each: see OwnerPortOptions.GreetingTimeouts.
            var port = await OpenAsync(path, cancellationToken);
            var greeted = false;
            try
            {
                using var patience = new CancellationTokenSource(options.GreetingTimeouts[attempt], options.Clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
                var (limits, first) = await Greeting.GreetAsync(port, resynchronise: attempt > 0, either.Token);
                greeted = true;
                return new OwnerPortConnection(port, limits, first, options);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Opened anew.
            }
            catch (IOException e)
            {
                throw new OwnerPortException($"The port {path} broke before the guest answered to HELLO: {e.Message}", e);
            }
            finally
            {
                if (!greeted)
                {
                    await port.DisposeAsync();
                }
            }
        }

        throw new OwnerPortException($"The guest at {path} did not answer to HELLO, by {options.GreetingTimeouts.Count} connections in turn.");
    }

    /// <summary>Over a port whose guest has been greeted.</summary>
    internal static OwnerPortConnection Over(Stream port, GuestLimits limits, OwnerPortOptions options) => new(port, limits, default, options);

    /// <summary>Ends the conversation, and with it all that runs in the guest for its owner.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        End(new OwnerPortException("The conversation was ended by its owner."));
        await _ended.Task;
        await _reading;
        await _outbox.DisposeAsync();
        _over.Dispose();
    }

    Task IFrameSender.AskAsync(FrameBuilder request, string what, CancellationToken cancellationToken) =>
        AskAsync(request, what, Nothing, TimeSpan.Zero, cancellationToken);

    Task<Task> IFrameSender.BeginSendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) => BeginSendAsync(frame, cancellationToken);

    private static async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var open = false;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            open = true;
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            // QEMU has one host at a time, and lets few wait.
            var why = e.SocketErrorCode == SocketError.WouldBlock ? "another host has it, and others wait for it" : e.Message;
            throw new OwnerPortException($"The port {path} cannot be opened: {why}", e);
        }
        finally
        {
            if (!open)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Of requests that are done, and have no more to say.</summary>
    private static bool Nothing(ReadOnlySpan<byte> payload)
    {
        new FieldReader(FrameType.Done, payload).End();
        return true;
    }

    private async Task<T> AskAsync<T>(FrameBuilder request, string what, AnswerReader<T> read, TimeSpan beyond, CancellationToken cancellationToken)
    {
        var pending = new PendingAnswer<T>(what, read);
        var stream = _streams.Open(pending);
        return await WaitAsync(stream, request, what, pending.Answer, beyond, () => Abandon(stream), cancellationToken);
    }

    private async Task<GuestProcess> StartAsync(FrameType type, ProcessStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        var what = $"{(type == FrameType.Run ? "to run container" : "to run a process in container")} {start.Container}";
        var request = start.Build(type);
        var process = new GuestProcess(this, what, start.Input, start.Terminal is not null, Limits.OutputWindow, Limits.InputWindow);
        return await StartAsync(process, process, request, what, Limits.Processes, "processes are running", cancellationToken);
    }

    /// <summary>The guest refuses what is too many, too; one that does not may not have this host keep output of any number.</summary>
    private async Task<GuestProcess> StartAsync<T>(
        T target, GuestProcess process, FrameBuilder request, string what, int most, string ofWhat, CancellationToken cancellationToken)
        where T : IFrameTarget
    {
        const uint TryAgain = 11;
        process.Stream = _streams.TryOpen(target, most) ?? throw new GuestRefusedException(what, TryAgain, $"{most} {ofWhat}, and no more may at once");
        return await WaitAsync(process.Stream, request, what, process.Started, TimeSpan.Zero, () => GiveUp(process), cancellationToken);
    }

    private async Task<T> WaitAsync<T>(
        uint stream, FrameBuilder request, string what, Task<T> answer, TimeSpan beyond, Action abandon, CancellationToken cancellationToken)
    {
        var frame = request.Build(stream);
        var limit = _options.RequestTimeout + beyond;
        using var patience = new CancellationTokenSource(limit, _options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var sent = false;
        try
        {
            if (frame.Length - PortLimits.Header > Limits.Payload)
            {
                throw new ArgumentException($"It takes a frame of {frame.Length - PortLimits.Header} bytes; this guest takes at most {Limits.Payload}: {what}.", nameof(request));
            }

            var sending = await BeginSendAsync(frame, either.Token);
            sent = true;
            await sending.WaitAsync(either.Token);
            return await answer.WaitAsync(either.Token);
        }
        catch (OperationCanceledException e)
        {
            if (sent)
            {
                abandon();
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"The guest did not answer within {limit.TotalSeconds:0.###} s: {what}.", e);
        }
        finally
        {
            if (!sent)
            {
                _streams.Close(stream);
            }
        }
    }

    private void Abandon(uint stream)
    {
        if (!_streams.Abandon(stream))
        {
            End(new OwnerPortException($"The guest owes answers to more than {StreamTable.Abandoned} requests whose callers no longer wait."));
        }
    }

    /// <summary>A start that nobody waits for any more is not to become a process.</summary>
    private void GiveUp(GuestProcess process)
    {
        const byte Kill = 9;
        process.Output.Discard();
        process.Error.Discard();
        Abandon(process.Stream);
        _ = KillAsync();

        async Task KillAsync()
        {
            try
            {
                var request = new FrameBuilder(FrameType.Signal).U32(process.Stream).U8(Kill).U8(0);
                await AskAsync(request, "to give a start up", Nothing, TimeSpan.Zero, CancellationToken.None);
            }
            catch (Exception e) when (e is OwnerPortException or GuestRefusedException or TimeoutException)
            {
                // It has ended by itself, or the conversation has.
            }
        }
    }

    private async Task<Task> BeginSendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (await _outbox.BeginAsync(frame, cancellationToken) is { } sending)
        {
            return sending;
        }

        var fault = await _ended.Task;
        throw new OwnerPortException(fault.Message, fault);
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _reader.ReadAsync(_isOver) is { } frame)
            {
                Handle(frame);
            }

            End(new OwnerPortException("The port closed."));
        }
        catch (OwnerPortException e)
        {
            End(e);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(new OwnerPortException($"The port broke: {e.Message}", e));
        }
    }

    private void Handle(Frame frame)
    {
        if (frame.Stream == 0)
        {
            throw frame.Type == FrameType.Error
                ? new OwnerPortException($"The guest ended the conversation: {Answers.Refusal(frame, "what it was sent").Message}")
                : Answers.Unexpected(frame, "the conversation itself");
        }

        var target = _streams.Find(frame.Stream) ?? throw Answers.Unexpected(frame, "nobody");
        if (target.Take(frame) is { } tell)
        {
            _streams.Close(frame.Stream);
            tell();
        }
    }

    /// <summary>By the first who finds it over.</summary>
    private void End(OwnerPortException why)
    {
        if (Interlocked.Exchange(ref _ending, 1) != 0)
        {
            return;
        }

        _streams.Fail(why);
        _over.Cancel();
        _port.Dispose();
        _ended.TrySetResult(why);
    }
}

using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Templating.Shim.Protocol.Ttrpc;

namespace Templating.Shim.Ttrpc;

/// <summary>One caller's connection to the server.</summary>
internal sealed partial class TtrpcConnection : IDisposable
{
    /// <summary>One call waits for the end of each process, for as long as it runs.</summary>
    public const int MostCalls = 1024;

    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(2);

    private readonly TtrpcServer _server;
    private readonly FrameChannel _channel;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private int _calls;
    private TaskCompletionSource? _noCalls;
    private uint _lastStream;

    public TtrpcConnection(TtrpcServer server, Socket socket, ILogger logger, TimeProvider time)
    {
        (_server, _logger, _time) = (server, logger, time);
        _channel = new FrameChannel(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Until the caller closes it or the server stops. Never throws.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            while (await _channel.ReadAsync(stopping) is { } frame)
            {
                if (Refusal(frame) is { } refusal)
                {
                    // Awaited: who asks for what is refused and reads no answers is not read either.
                    await AnswerAsync(frame.Stream, new Response { Status = refusal }, stopping);
                }
                else if (frame.Type == FrameType.Request)
                {
                    await BeginAsync(frame, ended.Token, stopping);
                }
            }
        }
        catch (OperationCanceledException)
        {
            await WaitForCallsAsync();
        }
        catch (IOException e)
        {
            LogBroken(e.Message);
        }
        finally
        {
            await ended.CancelAsync();
            Dispose();
        }
    }

    public void Dispose() => _channel.Dispose();

    private CallStatus? Refusal(Frame frame)
    {
        if (frame.TooLong)
        {
            return CallFaults.Status(StatusCode.ResourceExhausted, $"A message of {frame.Length} bytes came; at most {Frame.HighestLength} are taken.");
        }

        if (frame.Stream % 2 == 0)
        {
            return CallFaults.Status(StatusCode.InvalidArgument, $"Stream {frame.Stream} is even; a caller's are odd.");
        }

        if (frame.Type == FrameType.Data || (frame.Type == FrameType.Request && frame.Flags != 0))
        {
            return CallFaults.Status(StatusCode.Unimplemented, "No call of this service streams: a call is one request with no flags.");
        }

        if (frame.Type != FrameType.Request)
        {
            // "Ignored for future compatibility", as the protocol's own server has it.
            return null;
        }

        if (frame.Stream <= _lastStream)
        {
            return CallFaults.Status(StatusCode.InvalidArgument, $"Stream {frame.Stream} came after {_lastStream}; each call needs a higher one.");
        }

        _lastStream = frame.Stream;
        return Volatile.Read(ref _calls) < MostCalls
            ? null
            : CallFaults.Status(StatusCode.ResourceExhausted, $"{MostCalls} calls of this connection are not answered yet, which is all that may be.");
    }

    private async Task BeginAsync(Frame frame, CancellationToken ended, CancellationToken stopping)
    {
        Request request;
        try
        {
            request = Request.Parser.ParseFrom(frame.Payload.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            await AnswerAsync(
                frame.Stream, new Response { Status = CallFaults.Status(StatusCode.InvalidArgument, $"The request cannot be read: {e.Message}") }, stopping);
            return;
        }

        if (_server.Find(request.Service, request.Method) is not { } handler)
        {
            var missing = _server.Has(request.Service) ? $"The service {request.Service} has no method {request.Method}." : $"There is no service {request.Service}.";
            await AnswerAsync(frame.Stream, new Response { Status = CallFaults.Status(StatusCode.Unimplemented, missing) }, stopping);
            return;
        }

        lock (_lock)
        {
            _calls++;
        }

        // On the pool: a handler that works long before it waits must not hold the next call.
        _ = Task.Run(() => CallAsync(frame.Stream, request, handler, handler.OutlivesCaller ? stopping : ended), CancellationToken.None);
    }

    private async Task CallAsync(uint stream, Request request, TtrpcHandler handler, CancellationToken ended)
    {
        await AnswerAsync(stream, await HandleAsync(request, handler, ended), CancellationToken.None);
        lock (_lock)
        {
            if (--_calls == 0)
            {
                _noCalls?.TrySetResult();
            }
        }
    }

    private async Task<Response> HandleAsync(Request request, TtrpcHandler handler, CancellationToken ended)
    {
        using var deadline = new CancellationTokenSource(TimeLeft(request.TimeoutNano), _time);
        using var call = CancellationTokenSource.CreateLinkedTokenSource(ended, deadline.Token);
        try
        {
            var answer = await handler.RunAsync(request.Payload, call.Token);
            var response = new Response { Payload = answer.ToByteString() };
            return response.CalculateSize() <= Frame.HighestLength
                ? response
                : new Response { Status = CallFaults.Status(StatusCode.ResourceExhausted, $"The answer has {response.CalculateSize()} bytes; at most {Frame.HighestLength} can be sent.") };
        }
        catch (InvalidProtocolBufferException e)
        {
            return new Response { Status = CallFaults.Status(StatusCode.InvalidArgument, $"The request of {request.Method} cannot be read: {e.Message}") };
        }
#pragma warning disable CA1031 // It goes to the caller.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (CallFaults.IsOurs(e))
            {
                LogFailed(e, request.Service, request.Method);
            }

            return new Response { Status = CallFaults.ToStatus(e, inTime: !deadline.IsCancellationRequested) };
        }
    }

    /// <summary>Waits for as long as the caller does not read: to close its connection would be to end the pod.</summary>
    private async Task AnswerAsync(uint stream, Response response, CancellationToken cancellationToken)
    {
        try
        {
            await _channel.SendAsync(stream, FrameType.Response, response, cancellationToken);
        }
        catch (IOException)
        {
            // Nobody waits for it any more.
        }
    }

    private async Task WaitForCallsAsync()
    {
        Task noCalls;
        lock (_lock)
        {
            _noCalls = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            noCalls = _calls == 0 ? Task.CompletedTask : _noCalls.Task;
        }

        try
        {
            await noCalls.WaitAsync(LastAnswers, _time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // What does not end when it is told to does not hold the server's end.
        }
    }

    /// <summary>None and what is further away than a timer reaches: no limit. One that is over already: none is left.</summary>
    private static TimeSpan TimeLeft(long nanoseconds) => nanoseconds switch
    {
        0 => Timeout.InfiniteTimeSpan,
        < 0 => TimeSpan.Zero,
        _ when nanoseconds / TimeSpan.NanosecondsPerTick >= int.MaxValue * TimeSpan.TicksPerMillisecond => Timeout.InfiniteTimeSpan,
        _ => TimeSpan.FromTicks(Math.Max(1, nanoseconds / TimeSpan.NanosecondsPerTick)),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "A caller's connection broke: {Reason}")]
    private partial void LogBroken(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Service}/{Method} failed by a fault of the shim")]
    private partial void LogFailed(Exception exception, string service, string method);
}

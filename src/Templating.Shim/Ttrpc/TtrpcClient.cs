using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Ttrpc;

namespace Templating.Shim.Ttrpc;

/// <summary>Calls over one ttrpc connection, any number of them at once.</summary>
internal sealed class TtrpcClient : IAsyncDisposable
{
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly FrameChannel _channel;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, TaskCompletionSource<Frame>> _pending = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reading;
    private uint _nextStream = 1;
    private string? _lost;

    private TtrpcClient(string path, Socket socket, TimeProvider time)
    {
        (_path, _time) = (path, time);
        _channel = new FrameChannel(new NetworkStream(socket, ownsSocket: true));
        _reading = Task.Run(ReadAsync, CancellationToken.None);
    }

    /// <summary>Whether the connection ended; another client is needed then.</summary>
    public bool IsLost => _reading.IsCompleted;

    /// <param name="path">Of a Unix socket.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    /// <param name="time">Null for the system's.</param>
    /// <exception cref="ShimException">Unavailable: nobody listens there.</exception>
    public static async Task<TtrpcClient> ConnectAsync(string path, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new TtrpcClient(path, socket, time ?? TimeProvider.System);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // Also where the path is none: too long, as a rule.
            socket.Dispose();
            throw new ShimException(StatusCode.Unavailable, $"Cannot connect to {path}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <param name="service">With its package.</param>
    /// <param name="method">Of the service.</param>
    /// <param name="request">At most 4 MiB.</param>
    /// <param name="parser">Of the answer.</param>
    /// <param name="metadata">Null for none.</param>
    /// <param name="timeout">The other side is told it, too; null for none.</param>
    /// <param name="cancellationToken">Stops waiting; the other side does not learn of it.</param>
    /// <exception cref="ShimException">
    /// The other side's refusal with its code; Unavailable: the connection was lost, and whether it was done is not known;
    /// DeadlineExceeded: no answer came in time.
    /// </exception>
    public async Task<T> CallAsync<T>(
        string service, string method, IMessage request, MessageParser<T> parser, IReadOnlyDictionary<string, string>? metadata, TimeSpan? timeout,
        CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        var call = new Request { Service = service, Method = method, Payload = request.ToByteString(), TimeoutNano = (timeout?.Ticks ?? 0) * TimeSpan.NanosecondsPerTick };
        call.Metadata.AddRange(metadata?.Select(m => new KeyValue { Key = m.Key, Value = m.Value }) ?? []);
        if (call.CalculateSize() is > Frame.HighestLength and var size)
        {
            throw ShimException.Invalid($"The request of {service}/{method} has {size} bytes; at most {Frame.HighestLength} can be sent.");
        }

        using var deadline = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, _time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return Read(await AskAsync(call, waiting.Token), $"{service}/{method}", parser);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ShimException(StatusCode.DeadlineExceeded, $"{_path} did not answer {service}/{method} within {timeout}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _reading;
        _closing.Dispose();
    }

    private async Task<Frame> AskAsync(Request call, CancellationToken cancellationToken)
    {
        var (stream, answer) = Expect();
        try
        {
            await _channel.SendAsync(stream, FrameType.Request, call, cancellationToken);
            return await answer.WaitAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new ShimException(StatusCode.Unavailable, $"The connection to {_path} is lost: {e.Message}", e);
        }
        finally
        {
            lock (_lock)
            {
                _pending.Remove(stream);
            }
        }
    }

    private (uint Stream, Task<Frame> Answer) Expect()
    {
        lock (_lock)
        {
            if (_lost is not null || _nextStream > int.MaxValue)
            {
                throw new ShimException(StatusCode.Unavailable, $"The connection to {_path} is lost: {_lost ?? "it has no numbers for calls left."}");
            }

            var stream = _nextStream;
            _nextStream += 2;
            var answer = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
            _pending.Add(stream, answer);
            return (stream, answer.Task);
        }
    }

    private static T Read<T>(Frame frame, string what, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        if (frame.TooLong)
        {
            throw new ShimException(StatusCode.ResourceExhausted, $"{what} was answered with {frame.Length} bytes; at most {Frame.HighestLength} are taken.");
        }

        try
        {
            var response = Response.Parser.ParseFrom(frame.Payload.Span);
            return response.Status is { Code: not 0 } status
                ? throw new ShimException((StatusCode)status.Code, status.Message)
                : parser.ParseFrom(response.Payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ShimException(StatusCode.Internal, $"The answer of {what} cannot be read: {e.Message}", e);
        }
    }

    private async Task ReadAsync()
    {
        var why = "the other side closed it.";
        try
        {
            while (await _channel.ReadAsync(_closing.Token) is { } frame)
            {
                Answer(frame);
            }
        }
        catch (OperationCanceledException)
        {
            why = "it was closed here.";
        }
        catch (IOException e)
        {
            why = e.Message;
        }

        Lose(why);
    }

    private void Answer(Frame frame)
    {
        if (frame.Type != FrameType.Response)
        {
            return;
        }

        lock (_lock)
        {
            // Of one that nobody waits for any more, it is passed over.
            if (_pending.Remove(frame.Stream, out var answer))
            {
                answer.SetResult(frame);
            }
        }
    }

    private void Lose(string why)
    {
        _channel.Dispose();
        lock (_lock)
        {
            _lost = why;
            foreach (var answer in _pending.Values)
            {
                answer.SetException(new ShimException(StatusCode.Unavailable, $"The connection to {_path} is lost: {why}"));
                // Looked at: the one who waits may have given up just now.
                _ = answer.Task.Exception;
            }

            _pending.Clear();
        }
    }
}

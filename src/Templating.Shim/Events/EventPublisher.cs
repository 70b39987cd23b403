using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Forwarding;
using Templating.Shim.Ttrpc;

namespace Templating.Shim.Events;

/// <summary>
/// Tells containerd what happens to tasks, in order, and again until containerd has it: it may be starting again. One that it had
/// just before its connection broke it may get twice.
/// </summary>
internal sealed partial class EventPublisher : IAsyncDisposable
{
    public const int MostEvents = 4096;

    private const string Service = "containerd.services.events.ttrpc.v1.Events";
    private const string NamespaceKey = "containerd-namespace-ttrpc";
    private const string UnixScheme = "unix://";
    private const int MostRefusals = 3;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly string _path;
    private readonly string _namespace;
    private readonly Dictionary<string, string> _metadata;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly EventQueue _queue = new(MostEvents);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _work;
    private TtrpcClient? _client;

    /// <param name="address">TTRPC_ADDRESS of the environment: a path, or a URL of one.</param>
    /// <param name="containerdNamespace">Of containerd's, such as <c>k8s.io</c>.</param>
    /// <param name="logger">Told what was dropped.</param>
    /// <param name="time">Of the events, and between two tries.</param>
    public EventPublisher(string address, string containerdNamespace, ILogger logger, TimeProvider time)
    {
        _path = address.StartsWith(UnixScheme, StringComparison.Ordinal) ? address[UnixScheme.Length..] : address;
        (_namespace, _logger, _time) = (containerdNamespace, logger, time);
        _metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [NamespaceKey] = containerdNamespace };
        _work = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Does not wait.</summary>
    /// <param name="topic">Such as <c>/tasks/start</c>.</param>
    /// <param name="message">Of Templating.Shim.Protocol.Events.</param>
    public void Publish(string topic, IMessage message)
    {
        var dropped = _queue.Add(new Envelope
        {
            Timestamp = Timestamp.FromDateTimeOffset(_time.GetUtcNow()),
            Namespace = _namespace,
            Topic = topic,
            Event = BareAny.Of(message),
        });
        if (dropped is not null)
        {
            LogDropped(dropped.Topic, $"{MostEvents} wait already");
        }
    }

    /// <summary>Waits until containerd has all of them.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _queue.EmptyAsync(cancellationToken);

    /// <summary>What containerd does not have yet is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _work;
        _closing.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var envelope = await _queue.PeekAsync(_closing.Token);
                await SendAsync(envelope);
                _queue.Done(envelope);
            }
        }
        catch (OperationCanceledException)
        {
            // It is closed.
        }
        finally
        {
            await HangUpAsync();
        }
    }

    private async Task SendAsync(Envelope envelope)
    {
        var (refusals, pause) = (0, FirstPause);
        while (true)
        {
            try
            {
                _client ??= await TtrpcClient.ConnectAsync(_path, _closing.Token, _time);
                await _client.CallAsync(Service, "Forward", new ForwardRequest { Envelope = envelope }, Empty.Parser, _metadata, CallLimit, _closing.Token);
                return;
            }
            catch (ShimException e) when (e.Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                await HangUpAsync();
                LogTryingAgain(envelope.Topic, e.Message);
            }
            catch (ShimException e) when (++refusals < MostRefusals)
            {
                LogTryingAgain(envelope.Topic, e.Message);
            }
            catch (ShimException e)
            {
                // It says so again and again: the others must not wait behind it for ever.
                LogDropped(envelope.Topic, e.Message);
                return;
            }

            await Task.Delay(pause, _time, _closing.Token);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task HangUpAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.DisposeAsync();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "containerd has not got {Topic} yet: {Reason}")]
    private partial void LogTryingAgain(string topic, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The event {Topic} is dropped: {Reason}")]
    private partial void LogDropped(string topic, string reason);
}

using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Qmp;

/// <summary>
/// A client of QEMU's monitor. A QEMU that a guest has broken into is not trusted: lines and waiting events are
/// limited, nonsense ends the conversation with an error that names it. Commands may be sent from any thread.
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>The longest answer used (query-cpu-definitions) has 90 KiB.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    private const string Peer = "QEMU's monitor";
    private const int WaitingEvents = 16;

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private volatile Action<QmpEvent>? _onEvent;
    private readonly SemaphoreSlim _write = new(1);
    private readonly ConcurrentDictionary<long, Pending> _pending = new();
    private readonly Lock _subscribers = new();
    private readonly List<(Channel<QmpEvent> Channel, Func<QmpEvent, bool> Wanted)> _subscriptions = [];
    private readonly Task _reader;
    private TemplatingException? _fault;
    private long _lastId;

    public QmpClient(Socket socket, TimeProvider time, Action<QmpEvent>? onEvent = null)
    {
        (_socket, _time, _onEvent) = (socket, time, onEvent);
        _reader = Task.Run(ReadAllAsync);
    }

    /// <summary>Completes when the conversation is over, for whatever reason. Never faults.</summary>
    public Task Closed => _reader;

    /// <summary>Whether it is over: whoever sees a command fail by that sees this too, where <see cref="Closed"/> may come a moment later.</summary>
    public bool IsOver => Volatile.Read(ref _fault) is not null;

    /// <summary>Who hears of each event, at once; must not wait.</summary>
    public Action<QmpEvent>? OnEvent
    {
        set => _onEvent = value;
    }

    /// <summary>
    /// Events from now on, at most 16 waiting (then the oldest is lost); others are not kept, for QEMU says how many there are.
    /// Dispose the subscription.
    /// </summary>
    public QmpSubscription Subscribe(Func<QmpEvent, bool> wanted)
    {
        var channel = Channel.CreateBounded<QmpEvent>(
            new BoundedChannelOptions(WaitingEvents) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_subscribers)
        {
            if (_fault is null)
            {
                _subscriptions.Add((channel, wanted));
            }
            else
            {
                channel.Writer.Complete(_fault);
            }
        }

        return new QmpSubscription(channel.Reader, () =>
        {
            lock (_subscribers)
            {
                _subscriptions.RemoveAll(subscription => subscription.Channel == channel);
            }
        });
    }

    /// <summary>Sends a command and waits for its answer. Cancelling forgets the answer, not the command.</summary>
    /// <exception cref="TemplatingException">QmpFailed: refused, no answer in time, or the monitor is gone.</exception>
    public Task<JsonElement> ExecuteAsync(
        string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeout, CancellationToken cancellationToken) =>
        ExecuteAsync(command, arguments, descriptor: null, timeout, cancellationToken);

    /// <param name="command">Its name.</param>
    /// <param name="arguments">Writes its arguments; null for none.</param>
    /// <param name="descriptor">Given to QEMU with the command; the caller keeps its own.</param>
    /// <param name="timeout">For the answer.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    public async Task<JsonElement> ExecuteAsync(
        string command, Action<Utf8JsonWriter>? arguments, SafeHandle? descriptor, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var pending = new Pending(command);
        _pending[id] = pending;
        try
        {
            return await Deadline.RunAsync(_time, timeout, async token =>
            {
                await SendAsync(QmpMessage.Command(command, id, arguments), token, descriptor);
                if (Volatile.Read(ref _fault) is { } fault)
                {
                    throw Renew(fault);
                }

                return await pending.Answer.Task.WaitAsync(token);
            }, () => new TemplatingException(ErrorCode.QmpFailed,
                $"QEMU did not answer '{command}' within {timeout.TotalSeconds:0.###} s."), cancellationToken);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>Sends a command behind those before it. Nobody waits for its answer, nor hears where it cannot be sent.</summary>
    public Task PostAsync(string command, TimeSpan timeout) => PostAsync(command, arguments: null, timeout);

    /// <inheritdoc cref="PostAsync(string, TimeSpan)"/>
    public async Task PostAsync(string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout, _time);
        try
        {
            await SendAsync(QmpMessage.Command(command, Interlocked.Increment(ref _lastId), arguments), limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or TemplatingException or ObjectDisposedException)
        {
            // A monitor that is gone or takes nothing carries nothing out, either.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reader;
        _write.Dispose();
    }

    private async Task SendAsync(byte[] line, CancellationToken cancellationToken, SafeHandle? descriptor = null)
    {
        await _write.WaitAsync(cancellationToken);
        try
        {
            // Not cancelled half way: a torn line would spoil the next command.
            for (var sent = descriptor is null ? 0 : SendWith(line, descriptor); sent < line.Length;)
            {
                sent += await _socket.SendAsync(line.AsMemory(sent), SocketFlags.None, sent == 0 ? cancellationToken : default);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The reader sees the end too and knows more (the last thing said before it).
            await _reader.WaitAsync(cancellationToken);
            throw Renew(_fault!);
        }
        finally
        {
            _write.Release();
        }
    }

    private int SendWith(byte[] line, SafeHandle descriptor)
    {
        var sent = (int)DescriptorCalls.SendWith(_socket.SafeHandle, line, descriptor);
        return sent > 0 ? sent : throw NativeError.Last($"{Peer} does not take a descriptor");
    }

    private async Task ReadAllAsync()
    {
        using var reader = new LineReader(_socket, MaxLineBytes, ErrorCode.QmpFailed, Peer);
        TemplatingException fault;
        try
        {
            while (await reader.ReadAsync(CancellationToken.None) is { } line)
            {
                Dispatch(line);
            }

            fault = new TemplatingException(ErrorCode.QmpFailed, $"{Peer} closed the connection.");
        }
        catch (TemplatingException e)
        {
            fault = e;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            fault = new TemplatingException(ErrorCode.QmpFailed, "The connection to QEMU's monitor was let go.", e);
        }

        End(fault);
    }

    private void Dispatch(ReadOnlyMemory<byte> line)
    {
        var message = QmpMessage.Parse(line, ErrorCode.QmpFailed, Peer);
        if (message.Text("event") is { } name)
        {
            Publish(new QmpEvent(name, message.Member("data") ?? default));
        }
        else if (message.Number("id") is { } id && (message.Member("return") ?? message.Member("error")) is { } answer)
        {
            if (_pending.TryRemove(id, out var pending))
            {
                pending.Complete(answer, failed: message.Member("return") is null);
            }
        }
        else if (message.Member("QMP") is null)
        {
            throw new TemplatingException(ErrorCode.QmpFailed,
                $"{Peer} sent what is neither an answer nor an event: '{QmpMessage.Quote(line.Span)}'.");
        }
    }

    private void Publish(QmpEvent @event)
    {
        _onEvent?.Invoke(@event);
        lock (_subscribers)
        {
            foreach (var (channel, _) in _subscriptions.Where(subscription => subscription.Wanted(@event)))
            {
                channel.Writer.TryWrite(@event);
            }
        }
    }

    private void End(TemplatingException fault)
    {
        lock (_subscribers)
        {
            _fault = fault;
            foreach (var (channel, _) in _subscriptions)
            {
                channel.Writer.TryComplete(fault);
            }
        }

        // No more use for it, and a peer that still writes should feel that.
        _socket.Dispose();
        foreach (var id in _pending.Keys)
        {
            if (_pending.TryRemove(id, out var pending))
            {
                pending.Answer.TrySetException(Renew(fault));
            }
        }
    }

    /// <summary>An exception is thrown once; a second throw would overwrite the first one's trace.</summary>
    private static TemplatingException Renew(TemplatingException fault) => new(fault.Code, fault.Message, fault);

    private sealed class Pending(string command)
    {
        public TaskCompletionSource<JsonElement> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Complete(JsonElement answer, bool failed)
        {
            if (failed)
            {
                Answer.TrySetException(new TemplatingException(ErrorCode.QmpFailed,
                    $"QEMU refused '{command}': {Console.ConsoleText.Clean(Encoding.UTF8.GetBytes(answer.Text("desc") ?? "it did not say why"), 512)}"));
            }
            else
            {
                Answer.TrySetResult(answer);
            }
        }
    }
}

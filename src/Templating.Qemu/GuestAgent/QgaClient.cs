using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Base;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// qemu-guest-agent (docs/interop/qemu-ga-ref), which any Linux has in its packages. One command at a time; after one
/// that failed the next begins with guest-sync-delimited, so that a late answer is never taken for another's.
/// </summary>
internal sealed class QgaClient(string socketPath, Socket? first, TimeProvider time) : IAsyncDisposable
{
    /// <summary>guest-exec gives a command's whole output at once, in base64; more than this is not read.</summary>
    public const int MaxLineBytes = 4 * 1024 * 1024;

    /// <summary>Lines of megabytes that are read at once, of all guests together.</summary>
    private const int LongLinesAtOnce = 8;

    public static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    private const string Peer = "qemu-guest-agent";
    private const byte Sentinel = 0xFF;
    private const string Refused = "refused_command";
    private static readonly SemaphoreSlim LongLines = new(LongLinesAtOnce);
    private static readonly TimeSpan FirstResend = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastResend = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<long> _syncIds = [];
    private Socket? _socket = first;
    private LineReader? _reader;
    private bool _synced;

    /// <summary>A program that was run and not asked for its end.</summary>
    public long? Aside { get; set; }

    public static TemplatingException Nonsense(string command) => new(ErrorCode.GuestAgentFailed, $"qemu-guest-agent answered nonsense to '{command}'.");

    /// <summary>Whether the agent answered, and its answer was no: it is not to be had by asking again.</summary>
    public static bool IsRefusal(TemplatingException e) => e.Details.ContainsKey(Refused);

    public async Task WaitReadyAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await SyncAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="TemplatingException">GuestAgentFailed; GuestNotSuitable where the guest's configuration blocks the command.</exception>
    public async Task<JsonElement> ExecuteAsync(
        string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await Deadline.RunAsync(time, timeout, async token =>
            {
                await SyncAsync(token);
                _synced = false;
                await SendAsync(QmpMessage.Command(command, null, arguments), token);
                var answer = await ReadAsync(token);
                _synced = true;
                return answer.Member("return") ?? throw Refusal(command, answer.Member("error"));
            }, () => new TemplatingException(ErrorCode.GuestAgentFailed,
                $"qemu-guest-agent did not answer '{command}' within {timeout.TotalSeconds:0.###} s."), cancellationToken);
        }
        finally
        {
            if (_reader is { HasTurn: true } && !_synced)
            {
                // Left within a long line that may never end: others wait for the turn.
                Drop();
            }

            _turn.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket?.Dispose();
        _reader?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TemplatingException Refusal(string command, JsonElement? error)
    {
        var reason = error?.Text("desc") ?? "no reason given";
        // Of a blocked command (qga/main.c, ga_disable_not_allowed): before QEMU 6.2 a GenericError, and the reason the only sign.
        var blocked = error?.Text("class") is "CommandNotFound" || (reason.Contains(command, StringComparison.Ordinal) && reason.Contains("disabled", StringComparison.Ordinal));
        var refusal = blocked
            ? QgaTrial.Blocked([command])
            : new TemplatingException(ErrorCode.GuestAgentFailed, $"qemu-guest-agent refused '{command}': {Console.ConsoleText.Clean(System.Text.Encoding.UTF8.GetBytes(reason), 256)}");
        return new TemplatingException(refusal.Code, refusal.Message) { Details = new Dictionary<string, string>(StringComparer.Ordinal) { [Refused] = command } };
    }

    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        if (_synced)
        {
            return;
        }

        // The sentinel flushes a half-read command out of the agent's parser (qapi-schema.json, guest-sync-delimited). The
        // agent complains of it before it answers the sync that follows, so it goes with the first only, and only
        // answers to syncs that follow it count.
        var wait = FirstResend;
        _syncIds.Clear();
        Open();
        await SendAsync([Sentinel], cancellationToken);
        while (!_synced)
        {
            Open();
            await SendSyncAsync(cancellationToken);
            using var resend = new CancellationTokenSource(wait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(resend.Token, cancellationToken);
            try
            {
                await ReadSyncAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                wait = wait * 2 < LastResend ? wait * 2 : LastResend;
            }
        }
    }

    private Task SendSyncAsync(CancellationToken cancellationToken)
    {
        var id = (long)RandomNumberGenerator.GetInt32(1, int.MaxValue);
        _syncIds.Add(id);
        return SendAsync(QmpMessage.Command("guest-sync-delimited", null, w => w.WriteNumber("id", id)), cancellationToken);
    }

    private async Task ReadSyncAsync(CancellationToken cancellationToken)
    {
        while (!_synced)
        {
            await SkipToSentinelAsync(cancellationToken);
            var answer = await ReadAsync(cancellationToken);
            if (answer.Number("return") is { } id && _syncIds.Contains(id))
            {
                _synced = true;
            }
        }
    }

    private async Task SkipToSentinelAsync(CancellationToken cancellationToken)
    {
        var found = false;
        await TransferAsync(async () => found = await _reader!.SkipPastAsync(Sentinel, cancellationToken));
        if (!found)
        {
            throw Gone(null);
        }
    }

    /// <summary>An answer; those to syncs that were sent again are not it.</summary>
    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadOnlyMemory<byte>? line = null;
            await TransferAsync(async () => line = await _reader!.ReadAsync(cancellationToken));
            if (line is null)
            {
                throw Gone(null);
            }

            var text = line.Value;
            var late = text.Span.StartsWith((byte)Sentinel);
            var answer = Parse(late ? text[1..] : text);
            if (!_synced && _syncIds.Contains(answer.Number("return") ?? -1) && late)
            {
                continue;
            }

            return answer;
        }
    }

    private JsonElement Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return QmpMessage.Parse(line, ErrorCode.GuestAgentFailed, Peer);
        }
        catch (TemplatingException)
        {
            Drop();
            throw;
        }
    }

    private Task SendAsync(byte[] bytes, CancellationToken cancellationToken) => TransferAsync(async () =>
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await _socket!.SendAsync(bytes.AsMemory(sent), SocketFlags.None, cancellationToken);
        }
    });

    private async Task TransferAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Gone(e);
        }
        catch (TemplatingException)
        {
            Drop();
            throw;
        }
    }

    private TemplatingException Gone(Exception? inner)
    {
        Drop();
        return new TemplatingException(ErrorCode.GuestAgentFailed, "The connection to qemu-guest-agent is closed.", inner);
    }

    private void Open()
    {
        if (_socket is null)
        {
            try
            {
                _socket = ListeningSocket.ConnectTo(socketPath);
            }
            catch (SocketException e)
            {
                throw Gone(e);
            }
        }

        _reader ??= new LineReader(_socket, MaxLineBytes, ErrorCode.GuestAgentFailed, Peer, LongLines);
    }

    private void Drop()
    {
        _socket?.Dispose();
        _reader?.Dispose();
        (_socket, _reader, _synced) = (null, null, false);
        _syncIds.Clear();
    }
}

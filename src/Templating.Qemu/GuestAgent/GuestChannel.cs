using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// One conversation with templating-guest over one connection. Any nonsense ends it; the next use opens another.
/// </summary>
internal sealed class GuestChannel : IAsyncDisposable
{
    private const int MaxExecs = 16;
    private const string Peer = "The guest's agent";

    /// <summary>A sync may be lost while the guest opens its port; then it is sent again.</summary>
    private static readonly TimeSpan FirstResend = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastResend = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _write = new(1);
    private readonly ConcurrentDictionary<string, bool> _nonces = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<uint, GuestExec> _execs = new();
    private readonly Task _reader;
    private TaskCompletionSource<GuestLine>? _identified;
    private volatile TemplatingException? _fault;
    private volatile bool _portClosed;
    private volatile bool _filesSent;
    private uint _lastNumber;

    public GuestChannel(Socket socket, TimeProvider time)
    {
        (_socket, _time) = (socket, time);
        _reader = Task.Run(ReadAllAsync);
    }

    public bool Usable => _fault is null;

    public bool Synced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>Sends syncs until one is answered. What came before the answer is dropped, unread.</summary>
    public async Task SyncAsync(CancellationToken cancellationToken)
    {
        var wait = FirstResend;
        while (!Synced)
        {
            await SendAsync(NewSync(), cancellationToken);
            using var resend = new CancellationTokenSource(wait, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(resend.Token, cancellationToken);
            try
            {
                await _synced.Task.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                wait = wait * 2 < LastResend ? wait * 2 : LastResend;
            }
        }
    }

    /// <summary>Ends the conversation, once what the guest sent before is read. Before the sync there is nothing to lose.</summary>
    public void PortClosed()
    {
        if (!Synced)
        {
            return;
        }

        _portClosed = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    /// <summary>Where it is not synced yet, the sync goes out in the same write: one round trip, one wake of the guest.</summary>
    public async Task<GuestLine> IdentifyAsync(GuestIdentity identity, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<GuestLine>(TaskCreationOptions.RunContinuationsAsynchronously);
        _identified = answer;
        ThrowIfFaulted();
        var begin = Synced ? [] : NewSync();
        if (identity.Files.Count == 0)
        {
            await SendAsync([.. begin, .. GuestWords.Identify(identity)], cancellationToken);
            return await answer.Task.WaitAsync(cancellationToken);
        }

        // Their failure comes as the identity's; that of a guest without the verb comes at once, as a failed line.
        _filesSent = true;
        foreach (var line in identity.Files.SelectMany(GuestWords.File).Prepend(begin))
        {
            await SendAsync(line, cancellationToken);
        }

        // Made last, for it says what time it is.
        await SendAsync(GuestWords.Identify(identity), cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    public async Task<GuestExec> ExecAsync(GuestCommand command, bool input, CancellationToken cancellationToken)
    {
        if (_execs.Count >= MaxExecs)
        {
            throw new TemplatingException(ErrorCode.IllegalState,
                $"The guest runs {MaxExecs} commands already; wait until one of them ends.")
            { RetryAfter = TimeSpan.FromSeconds(1) };
        }

        var exec = new GuestExec(Interlocked.Increment(ref _lastNumber));
        var line = GuestWords.Exec(exec.Number, command, input);
        _execs[exec.Number] = exec;
        try
        {
            ThrowIfFaulted();
            await SendAsync(line, cancellationToken);
            return exec;
        }
        catch (Exception)
        {
            _execs.TryRemove(exec.Number, out _);
            throw;
        }
    }

    /// <summary>Empty ends it. Waits while the command takes none.</summary>
    public async Task InputAsync(GuestExec exec, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await exec.Input.ReserveAsync(bytes.Length, cancellationToken);
        await SendAsync(GuestWords.Input(exec.Number, bytes.Span), cancellationToken);
    }

    public Task AcknowledgeAsync(GuestExec exec, int bytes, CancellationToken cancellationToken)
    {
        exec.Acknowledge(bytes);
        return SendAsync(GuestWords.Acknowledge(exec.Number, bytes), cancellationToken);
    }

    /// <summary>Kills a command nobody waits for any more; its place is free when the guest says that it ended.</summary>
    public async Task AbandonAsync(GuestExec exec, int unread, CancellationToken cancellationToken)
    {
        exec.Abandoned = true;
        if (!_execs.ContainsKey(exec.Number) || !Usable)
        {
            return;
        }

        while (exec.Output.TryRead(out var output))
        {
            unread += SizeOf(output);
        }

        await SendAsync(GuestWords.Kill(exec.Number, Native.Libc.SignalKill), cancellationToken);
        if (unread > 0)
        {
            await AcknowledgeAsync(exec, unread, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reader;
    }

    public static int SizeOf(ExecOutput output) => output switch
    {
        ExecStandardOutput o => o.Bytes.Length,
        ExecStandardError e => e.Bytes.Length,
        _ => 0,
    };

    private byte[] NewSync()
    {
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        _nonces[nonce] = true;
        return GuestWords.Sync(nonce);
    }

    private async Task SendAsync(byte[] line, CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken);
        try
        {
            for (var sent = 0; sent < line.Length;)
            {
                sent += await _socket.SendAsync(line.AsMemory(sent), SocketFlags.None, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // A torn line would spoil the next one.
            _socket.Dispose();
            throw;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed, _fault?.Message ?? $"{Peer} is gone.", e);
        }
        finally
        {
            _write.Release();
        }
    }

    private void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new TemplatingException(fault.Code, fault.Message, fault);
        }
    }

    private async Task ReadAllAsync()
    {
        var reader = new LineReader(_socket, GuestLine.MaxBytes, ErrorCode.GuestAgentFailed, Peer);
        TemplatingException fault;
        try
        {
            await DropUntilSyncedAsync(reader);
            while (await reader.ReadAsync(CancellationToken.None) is { } line)
            {
                await DispatchAsync(GuestLine.Parse(line.Span));
            }

            fault = new TemplatingException(ErrorCode.GuestAgentFailed, _portClosed
                ? $"{Peer} (templating-guest) ended, or was killed, in the guest."
                : $"{Peer} closed the connection.");
        }
        catch (TemplatingException e)
        {
            fault = e;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            fault = new TemplatingException(ErrorCode.GuestAgentFailed, "The connection to the guest's agent was let go.", e);
        }

        _fault = fault;
        _socket.Dispose();
        _synced.TrySetException(fault);
        _identified?.TrySetException(fault);
        _ = _synced.Task.Exception;
        _ = _identified?.Task.Exception;
        foreach (var exec in _execs.Values)
        {
            exec.Fail(fault);
        }
    }

    /// <summary>What another daemon's conversation left on the way may be anything, even half a line.</summary>
    private async Task DropUntilSyncedAsync(LineReader reader)
    {
        while (!Synced && await reader.ReadAsync(CancellationToken.None) is { } line)
        {
            var text = System.Text.Encoding.Latin1.GetString(line.Span);
            var words = text[Math.Max(0, text.LastIndexOf("synced ", StringComparison.Ordinal))..].Split(' ');
            if (words is ["synced", var nonce, "1"] && _nonces.ContainsKey(nonce))
            {
                _synced.TrySetResult();
            }
            else if (words is ["synced", var other, var version] && _nonces.ContainsKey(other))
            {
                throw new TemplatingException(ErrorCode.GuestAgentFailed,
                    $"The guest's agent speaks version '{Qmp.QmpMessage.Quote(System.Text.Encoding.Latin1.GetBytes(version))}' "
                    + "of the protocol, this daemon speaks 1. Rebuild the template.");
            }
        }
    }

    private async Task DispatchAsync(GuestLine line)
    {
        switch (line.Verb)
        {
            case "synced" when _nonces.ContainsKey(line.Word(1)):
                return; // the answer to a sync that was sent again
            case "identified" when _identified is not null:
            case "failed" when line.Word(1) is "identify" && _identified is not null:
                Interlocked.Exchange(ref _identified, null)?.TrySetResult(line);
                return;
            case "failed" when line.Word(1) is "line" && _filesSent && _identified is not null:
                Interlocked.Exchange(ref _identified, null)?.TrySetException(new TemplatingException(ErrorCode.IdentityNotConfirmed,
                    "The guest's agent is older than this node's and takes no files. Build the template again from a current guest image."));
                return;
            case "identified" when _filesSent:
                return; // of a guest that took no files, and was told so
            case "failed":
                return; // another verb: the command it was about says the rest by its exit
            case "took":
                line.Expect(3);
                Find(line)?.Input.Took(line.Number(2));
                return;
            case "out" or "err" when Find(line) is { } exec:
                line.Expect(3);
                await ReceiveAsync(exec, line.Verb is "out", line.Bytes(2));
                return;
            case "exit" when Find(line) is { } exec:
                line.Expect(4);
                var exited = new ExecExited(line.OptionalNumber(2), line.OptionalNumber(3));
                Remove(exec); // only now: a line that does not parse must fail the command with the others
                exec.Complete(exited);
                return;
            case "nostart" when Find(line) is { } exec:
                line.Expect(3);
                var reason = Console.ConsoleText.Clean(line.Bytes(2));
                Remove(exec);
                exec.Fail(new TemplatingException(ErrorCode.InvalidArgument, $"The guest cannot start the program: {reason}."));
                return;
            default:
                throw line.Broken();
        }
    }

    private GuestExec? Find(GuestLine line) => _execs.GetValueOrDefault(line.Number(1));

    private void Remove(GuestExec exec) => _execs.TryRemove(exec.Number, out _);

    private async Task ReceiveAsync(GuestExec exec, bool standardOutput, byte[] bytes)
    {
        exec.Receive(standardOutput ? new ExecStandardOutput(bytes) : new ExecStandardError(bytes), bytes.Length);
        if (exec.Abandoned)
        {
            while (exec.Output.TryRead(out _))
            {
                // Dropped.
            }

            await AcknowledgeAsync(exec, bytes.Length, CancellationToken.None);
        }
    }
}

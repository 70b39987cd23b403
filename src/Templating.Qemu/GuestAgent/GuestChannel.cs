using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// One conversation with templating-guest over one connection: its writing half, and what callers see. Any nonsense ends it;
/// the next use opens another.
/// </summary>
internal sealed class GuestChannel : IAsyncDisposable
{
    private const int MaxExecs = 16;

    /// <summary>A sync may be lost while the guest opens its port; then it is sent again.</summary>
    private static readonly TimeSpan FirstResend = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastResend = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _write = new(1);
    private readonly GuestReader _reader;
    private uint _lastNumber;

    public GuestChannel(Socket socket, TimeProvider time)
    {
        (_socket, _time) = (socket, time);
        _reader = new GuestReader(socket, (exec, bytes) => AcknowledgeAsync(exec, bytes, CancellationToken.None));
    }

    public bool Usable => _reader.Fault is null;

    public bool Synced => _reader.Synced.IsCompletedSuccessfully;

    public bool AwaitsIdentity => _reader.AwaitsIdentity;

    /// <summary>Known once it is synced.</summary>
    public GuestFeatures Features => _reader.Features;

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
                await _reader.Synced.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                wait = wait * 2 < LastResend ? wait * 2 : LastResend;
            }
        }
    }

    public void PortClosed() => _reader.PortClosed();

    /// <summary>Where it is not synced yet, the sync goes out in the same write: one round trip, one wake of the guest.</summary>
    public async Task<GuestLine> IdentifyAsync(GuestIdentity identity, CancellationToken cancellationToken)
    {
        var answer = _reader.ExpectIdentity(files: identity.Files.Count > 0);
        var begin = Synced ? [] : NewSync();
        if (identity.Files.Count == 0)
        {
            await SendAsync([.. begin, .. GuestWords.Identify(identity)], cancellationToken);
            return await answer.WaitAsync(cancellationToken);
        }

        foreach (var line in identity.Files.SelectMany(GuestWords.File).Prepend(begin))
        {
            await SendAsync(line, cancellationToken);
        }

        // Made last, for it says what time it is.
        await SendAsync(GuestWords.Identify(identity), cancellationToken);
        return await answer.WaitAsync(cancellationToken);
    }

    public async Task<GuestExec> ExecAsync(GuestCommand command, bool input, CancellationToken cancellationToken)
    {
        if (_reader.ExecCount >= MaxExecs)
        {
            throw new TemplatingException(ErrorCode.IllegalState,
                $"The guest runs {MaxExecs} commands already; wait until one of them ends.")
            { RetryAfter = TimeSpan.FromSeconds(1) };
        }

        var exec = new GuestExec(Interlocked.Increment(ref _lastNumber));
        var line = GuestWords.Exec(exec.Number, command, input, Features.Why);
        try
        {
            _reader.Expect(exec);
            await SendAsync(line, cancellationToken);
            return exec;
        }
        catch (Exception)
        {
            _reader.Forget(exec);
            throw;
        }
    }

    /// <summary>Empty ends it. Waits while the command takes none.</summary>
    public async Task InputAsync(GuestExec exec, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await exec.Input.ReserveAsync(bytes.Length, cancellationToken);
        await SendAsync(GuestWords.Input(exec.Number, bytes.Span), cancellationToken);
    }

    public Task ResizeAsync(GuestExec exec, TerminalSize size, CancellationToken cancellationToken) =>
        SendAsync(GuestWords.Resize(exec.Number, size), cancellationToken);

    public Task SignalAsync(GuestExec exec, int signal, CancellationToken cancellationToken) =>
        SendAsync(GuestWords.Kill(exec.Number, signal), cancellationToken);

    public Task AcknowledgeAsync(GuestExec exec, int bytes, CancellationToken cancellationToken)
    {
        exec.Acknowledge(bytes);
        return SendAsync(GuestWords.Acknowledge(exec.Number, bytes), cancellationToken);
    }

    /// <summary>Kills a command nobody waits for any more; its place is free when the guest says that it ended.</summary>
    public async Task AbandonAsync(GuestExec exec, int unread, CancellationToken cancellationToken)
    {
        exec.Abandoned = true;
        if (!_reader.Expects(exec) || !Usable)
        {
            return;
        }

        unread += exec.Output.Drop();
        await SendAsync(GuestWords.Kill(exec.Number, ProcessCalls.SignalKill), cancellationToken);
        if (unread > 0)
        {
            await AcknowledgeAsync(exec, unread, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reader.Ended;
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
        _reader.ExpectSync(nonce);
        return GuestWords.Sync(nonce);
    }

    private async Task SendAsync(byte[] line, CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken);
        _reader.OweAnswers();
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
            throw new TemplatingException(ErrorCode.GuestAgentFailed, _reader.Fault?.Message ?? "The guest's agent is gone.", e);
        }
        finally
        {
            _write.Release();
        }
    }
}

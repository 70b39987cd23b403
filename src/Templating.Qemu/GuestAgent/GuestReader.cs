using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.Console;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>The reading half of a conversation: gives each line to who waits for it. Nonsense fails all that wait.</summary>
internal sealed class GuestReader
{
    private const string Peer = "The guest's agent";

    /// <summary>
    /// Lines that change nothing (a late answer, a failure told otherwise, input taken of a command that has ended) come of what
    /// the guest was told, a few for each line. A guest that has more of them only keeps the host busy.
    /// </summary>
    private const int IdleLinesForALine = 8;
    private const int FirstIdleLines = 64;
    private const int MaxIdleLines = 4096;

    private readonly Socket _socket;
    private readonly Func<GuestExec, int, Task> _acknowledge;
    private readonly ConcurrentDictionary<string, bool> _nonces = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<uint, GuestExec> _execs = new();
    private TaskCompletionSource<GuestLine>? _identified;
    private volatile TemplatingException? _fault;
    private volatile bool _portClosed;
    private volatile bool _filesSent;
    private int _idleLines = FirstIdleLines;

    /// <param name="acknowledge">Tells the guest that so many bytes of a command's output were taken.</param>
    public GuestReader(Socket socket, Func<GuestExec, int, Task> acknowledge)
    {
        (_socket, _acknowledge) = (socket, acknowledge);
        Ended = Task.Run(ReadAllAsync);
    }

    /// <summary>Completes when the conversation is over, for whatever reason. Never faults.</summary>
    public Task Ended { get; }

    public TemplatingException? Fault => _fault;

    public Task Synced => _synced.Task;

    public bool AwaitsIdentity => Volatile.Read(ref _identified) is not null;

    /// <summary>Known once it is synced.</summary>
    public GuestFeatures Features { get; private set; } = GuestFeatures.None;

    public int ExecCount => _execs.Count;

    /// <summary>A line goes out: what answers it may come.</summary>
    public void OweAnswers()
    {
        if (Volatile.Read(ref _idleLines) < MaxIdleLines)
        {
            Interlocked.Add(ref _idleLines, IdleLinesForALine);
        }
    }

    public void ExpectSync(string nonce) => _nonces[nonce] = true;

    /// <param name="files">Whether files are sent before it. Their failure comes as the identity's; that of a guest without the
    /// verb comes at once, as a failed line.</param>
    public Task<GuestLine> ExpectIdentity(bool files)
    {
        var answer = new TaskCompletionSource<GuestLine>(TaskCreationOptions.RunContinuationsAsynchronously);
        _identified = answer;
        ThrowIfFaulted();
        _filesSent |= files;
        return answer.Task;
    }

    public void Expect(GuestExec exec)
    {
        _execs[exec.Number] = exec;
        ThrowIfFaulted();
    }

    public bool Expects(GuestExec exec) => _execs.ContainsKey(exec.Number);

    public void Forget(GuestExec exec) => _execs.TryRemove(exec.Number, out _);

    /// <summary>Ends the conversation, once what the guest sent before is read. Before the sync there is nothing to lose.</summary>
    public void PortClosed()
    {
        if (!Synced.IsCompletedSuccessfully)
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

    private void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new TemplatingException(fault.Code, fault.Message, fault);
        }
    }

    private async Task ReadAllAsync()
    {
        using var reader = new LineReader(_socket, GuestLine.MaxBytes, ErrorCode.GuestAgentFailed, Peer);
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
        while (!Synced.IsCompletedSuccessfully && await reader.ReadAsync(CancellationToken.None) is { } line)
        {
            var text = Encoding.Latin1.GetString(line.Span);
            var words = text[Math.Max(0, text.LastIndexOf("synced ", StringComparison.Ordinal))..].Split(' ');
            if (words is ["synced", var nonce, "1"] && _nonces.ContainsKey(nonce))
            {
                _synced.TrySetResult();
            }
            else if (words is ["synced", var told, "1", .. var features] && _nonces.ContainsKey(told))
            {
                Features = GuestFeatures.Of(features);
            }
            else if (words is ["synced", var other, var version] && _nonces.ContainsKey(other))
            {
                throw new TemplatingException(ErrorCode.GuestAgentFailed,
                    $"The guest's agent speaks version '{QmpMessage.Quote(Encoding.Latin1.GetBytes(version))}' "
                    + "of the protocol, this daemon speaks 1. Rebuild the template.");
            }
        }
    }

    private async Task DispatchAsync(GuestLine line)
    {
        switch (line.Verb)
        {
            case "synced" when _nonces.ContainsKey(line.Word(1)):
                CountIdle(); // the answer to a sync that was sent again
                return;
            case "identified" when _identified is not null:
            case "failed" when line.Word(1) is "identify" && _identified is not null:
                Interlocked.Exchange(ref _identified, null)?.TrySetResult(line);
                return;
            case "failed" when line.Word(1) is "line" && _filesSent && _identified is not null:
                Interlocked.Exchange(ref _identified, null)?.TrySetException(new TemplatingException(ErrorCode.IdentityNotConfirmed,
                    "The guest's agent is older than this node's and takes no files. Build the template again from a current guest image."));
                return;
            case "identified" when _filesSent:
                CountIdle(); // of a guest that took no files, and was told so
                return;
            case "failed":
                CountIdle(); // another verb: the command it was about says the rest by its exit
                return;
            case "took":
                line.Expect(3);
                var (taker, taken) = (Find(line), line.Number(2));
                if (taker is null || taken == 0)
                {
                    CountIdle();
                }

                taker?.Input.Took(taken);
                return;
            case "out" or "err" when Find(line) is { } exec:
                line.Expect(3);
                await ReceiveAsync(exec, line);
                return;
            case "exit" when Find(line) is { } exec:
                var exited = ReadExit(line);
                Forget(exec); // only now: a line that does not parse must fail the command with the others
                exec.Complete(exited);
                return;
            case "nostart" when Find(line) is { } exec:
                line.Expect(3);
                var reason = ConsoleText.Clean(line.Bytes(2));
                Forget(exec);
                if (StartRefusal.ExitCodeOf(reason) is { } code)
                {
                    exec.Refuse(reason, code);
                    return;
                }

                exec.Fail(new TemplatingException(ErrorCode.InvalidArgument, $"The guest cannot start the program: {reason}."));
                return;
            default:
                throw line.Broken();
        }
    }

    /// <summary>The word that says why it was killed comes of guests that were asked for it.</summary>
    private ExecExited ReadExit(GuestLine line)
    {
        var exited = new ExecExited(line.OptionalNumber(2), line.OptionalNumber(3));
        if (!Features.Why || exited.Signal is null || line.Count == 4)
        {
            line.Expect(4);
            return exited;
        }

        line.Expect(5);
        return line.Word(4) switch
        {
            "timeout" => exited with { TimedOut = true },
            "oom" => exited with { OutOfMemory = true },
            _ => throw line.Broken(),
        };
    }

    private GuestExec? Find(GuestLine line) => _execs.GetValueOrDefault(line.Number(1));

    private void CountIdle()
    {
        if (Interlocked.Decrement(ref _idleLines) < 0)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed, $"{Peer} talks without end and says nothing.");
        }
    }

    private async Task ReceiveAsync(GuestExec exec, GuestLine line)
    {
        var bytes = line.Bytes(2);
        if (bytes.Length == 0)
        {
            throw line.Broken(); // it would cost the guest nothing and the host a message
        }

        exec.Receive(line.Verb is "err", bytes);
        if (exec.Abandoned && exec.Output.Drop() is > 0 and var dropped)
        {
            await _acknowledge(exec, dropped);
        }
    }
}

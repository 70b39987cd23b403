using System.Net.Sockets;
using Templating.Core.Errors;

namespace Templating.Node.PodProcess;

/// <summary>
/// Answers on the pod's socket (docs/kubernetes/pod-protocol.md). The daemon is root and may always connect; of the pod's own
/// users only the one it runs as.
/// </summary>
internal sealed class PodServer : IAsyncDisposable
{
    public const int MaxConnections = 32;

    /// <summary>Told why they are not served; beyond them a connection is closed without a word.</summary>
    private const int MaxRefusals = 8;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>How long answers under way may take when the VM is gone; they are short.</summary>
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan NoDescriptors = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly PodVm _vm;
    private readonly TimeProvider _time;
    private readonly Action<string> _complain;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _sessions = [];
    private readonly Task _accepting;

    /// <exception cref="IOException">The socket cannot be made there.</exception>
    /// <param name="complain">Takes what is our own fault, a line each.</param>
    public PodServer(string path, PodVm vm, TimeProvider time, Action<string> complain)
    {
        (_vm, _time, _complain) = (vm, time, complain);
        _listener = Bind(path);
        _accepting = Task.Run(AcceptAsync, CancellationToken.None);
    }

    /// <summary>Takes no more connections, lets answers under way end, and then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Task[] sessions;
        lock (_lock)
        {
            sessions = [.. _sessions];
        }

        var all = Task.WhenAll(sessions);
        await Task.WhenAny(all, Task.Delay(LastAnswers, _time, CancellationToken.None));
        await _closing.CancelAsync();
        await all;
        _closing.Dispose();
    }

    private static Socket Bind(string path)
    {
        // Of a container of this pod before this one.
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before anybody listens there, so there is no moment in which another gets in.
            File.SetUnixFileMode(path, OwnerOnly);
            socket.Listen(MaxConnections);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"Cannot listen at '{path}': {e.Message}.", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                Begin(await _listener.AcceptAsync(_closing.Token));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                // Until then who waits, waits: the VM's own files come first.
                await Task.Delay(NoDescriptors, _time, CancellationToken.None);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // That peer has gone again.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // closed by us: the only way it ends
            }
        }
    }

    private void Begin(Socket socket)
    {
        lock (_lock)
        {
            if (_sessions.Count >= MaxConnections + MaxRefusals)
            {
                socket.Dispose();
                return;
            }

            var refusal = _sessions.Count < MaxConnections
                ? null
                : new TemplatingException(
                    ErrorCode.NodeCapacityExhausted, $"The pod's socket has {MaxConnections} connections already; close one of them.")
                { RetryAfter = TimeSpan.FromSeconds(1) };
            var stream = new NetworkStream(socket, ownsSocket: true);
            var session = Task.Run(() => new PodSession(stream, _vm, _time, _complain).RunAsync(refusal, _closing.Token), CancellationToken.None);
            _sessions.Add(session);
            // A continuation of its own: within the session the set could not have it yet.
            _ = ForgetAsync(session);
        }
    }

    private async Task ForgetAsync(Task session)
    {
        await session.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _sessions.Remove(session);
        }
    }
}

using Microsoft.Extensions.Options;
using Templating.Core.Linux;
using Templating.Node.Options;

namespace Templating.Node.Sockets;

/// <summary>
/// The right to the run folder and its socket. A lock file, released by the kernel however the daemon ends, keeps two
/// daemons apart; only its holder may remove a socket that nobody answers on.
/// </summary>
internal sealed class SocketLease(IOptions<NodeOptions> options) : IDisposable
{
    private FileLock? _lock;

    /// <summary>Before anything in the run folder is looked at: to a second daemon the first one's clones look left over.</summary>
    /// <exception cref="IOException">Another daemon has it, or the socket's path is taken by something else.</exception>
    public async Task AcquireAsync(CancellationToken cancellationToken)
    {
        var run = options.Value.RunPath;
        var socket = options.Value.EffectiveSocketPath;
        // Others pass through to the socket, and see nothing of what else is there.
        FileSystem.MakeFolder(run, FileSystem.PassThroughFolder);
        FileSystem.MakeMissingFolder(Path.GetDirectoryName(socket)!);
        var path = Path.Combine(run, "daemon.lock");
        _lock = FileLock.TryTake(path, out var owner)
            ?? throw new IOException($"Cannot lock '{path}': another daemon runs with this run folder ({owner}). Stop it, or choose another run path.");
        await ClearAsync(socket, cancellationToken);
    }

    /// <summary>Removes a socket that a killed daemon left.</summary>
    /// <exception cref="IOException">Somebody answers there, or it is no socket.</exception>
    public static async Task ClearAsync(string socket, CancellationToken cancellationToken)
    {
        // A connect would not tell: it is refused by files too.
        if (FileStamp.TryRead(socket) is not { } found)
        {
            return;
        }

        if (!found.IsSocket)
        {
            throw new IOException($"'{socket}' is there and is not a socket. Remove it, or choose another socket path.");
        }

        if (await UnixSocket.AnswersAsync(socket, cancellationToken))
        {
            throw new IOException($"Another process answers on '{socket}'. Stop it, or choose another socket path.");
        }

        File.Delete(socket);
    }

    public void Dispose() => _lock?.Dispose();
}

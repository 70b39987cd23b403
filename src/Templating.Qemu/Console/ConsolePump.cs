using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Console;

/// <summary>
/// Reads the console always, so that a guest never waits for a reader, and keeps its end. A file written by QEMU would
/// grow as long as the guest prints.
/// </summary>
internal sealed class ConsolePump : IConsole, IAsyncDisposable
{
    private const int ChunkBytes = 4096;

    /// <summary>What a reader is given at once.</summary>
    private const int MostBytes = 16 * 1024;

    private readonly Socket _socket;
    private readonly ConsoleLog _log = new();
    private readonly SemaphoreSlim _write = new(1);
    private readonly Task _pump;

    public ConsolePump(Socket socket)
    {
        _socket = socket;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Completes when nothing more will come. Never faults.</summary>
    public Task Closed => _pump;

    public byte[] ReadTail() => _log.ReadTail();

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var place = _log.Enter();
        try
        {
            while (true)
            {
                var bytes = _log.TryRead(ref place, MostBytes, out var more);
                if (bytes is null)
                {
                    await more.WaitAsync(cancellationToken);
                }
                else if (bytes.Length > 0)
                {
                    yield return bytes;
                }
                else
                {
                    yield break;
                }
            }
        }
        finally
        {
            _log.Leave();
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken);
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new TemplatingException(ErrorCode.QemuExited, "The VM's console is closed: the VM has ended.", e);
        }
        finally
        {
            _write.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _pump;
    }

    private async Task PumpAsync()
    {
        var buffer = new byte[ChunkBytes];
        try
        {
            while (await _socket.ReceiveAsync(buffer, SocketFlags.None) is > 0 and var count)
            {
                _log.Add(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of the VM or of our interest in it; either way the end of the console.
        }

        _log.End();
    }
}

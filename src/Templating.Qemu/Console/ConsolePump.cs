using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Console;

/// <summary>
/// Reads the console always, so that a guest never waits for a reader, and keeps its end. A file written by QEMU would
/// grow as long as the guest prints.
/// </summary>
internal sealed class ConsolePump : IConsole, IAsyncDisposable
{
    public const int TailBytes = 64 * 1024;
    private const int ChunkBytes = 4096;

    /// <summary>What one slow reader may have waiting: 1 MiB.</summary>
    private const int WaitingChunks = 256;

    private readonly Socket _socket;
    private readonly Lock _lock = new();
    private readonly List<Channel<ReadOnlyMemory<byte>>> _readers = [];
    private readonly SemaphoreSlim _write = new(1);
    private readonly Task _pump;

    /// <summary>As large as what was printed needs: most clones print nothing, and there may be thousands.</summary>
    private byte[] _ring = [];
    private long _total;
    private bool _ended;

    public ConsolePump(Socket socket)
    {
        _socket = socket;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Completes when nothing more will come. Never faults.</summary>
    public Task Closed => _pump;

    public byte[] ReadTail()
    {
        lock (_lock)
        {
            if (_total <= TailBytes)
            {
                return _ring[..(int)_total];
            }

            var at = (int)(_total % TailBytes);
            return [.. _ring[at..], .. _ring[..at]];
        }
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(WaitingChunks) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            if (_ended)
            {
                yield break;
            }

            _readers.Add(channel);
        }

        try
        {
            await foreach (var chunk in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return chunk;
            }
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(channel);
            }
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
                Keep(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of the VM or of our interest in it; either way the end of the console.
        }

        lock (_lock)
        {
            _ended = true;
            _readers.ForEach(reader => reader.Writer.TryComplete());
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_ring.Length < TailBytes && _total + bytes.Length > _ring.Length)
            {
                // Not full yet, so nothing has wrapped round: what is there stays at its place.
                Array.Resize(ref _ring, (int)Math.Min(TailBytes, Math.Max(_total + bytes.Length, 2 * _ring.Length)));
            }

            foreach (var b in bytes)
            {
                _ring[_total++ % TailBytes] = b;
            }

            if (_readers.Count > 0)
            {
                var copy = bytes.ToArray();
                _readers.ForEach(reader => reader.Writer.TryWrite(copy));
            }
        }
    }
}

using System.Net.Sockets;
using Templating.Core.Errors;

namespace Templating.Qemu.Base;

/// <summary>Lines from a peer that is not trusted: none longer than the limit is ever held.</summary>
/// <param name="longLines">
/// Who reads a line of more than <see cref="ShortLineBytes"/> takes a turn of it, and waits for one: for peers that may send
/// megabytes, of which there may be a thousand. Null where lines are not that long.
/// </param>
internal sealed class LineReader(Socket socket, int maxLineBytes, ErrorCode code, string peer, SemaphoreSlim? longLines = null) : IDisposable
{
    /// <summary>Lines up to that size, nearly all there are, need no turn.</summary>
    public const int ShortLineBytes = 64 * 1024;

    private const int FirstBuffer = 4096;

    private byte[] _buffer = new byte[FirstBuffer];
    private int _start;
    private int _end;
    private int _scanned;
    private readonly Lock _turn = new();
    private bool _hasTurn;
    private bool _disposed;

    /// <summary>Whether it is within a long line, and holds a turn.</summary>
    public bool HasTurn
    {
        get
        {
            lock (_turn)
            {
                return _hasTurn;
            }
        }
    }

    /// <summary>The next line without its end, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="TemplatingException">The line is too long, or the stream ended within it.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var newline = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var line = _buffer.AsMemory(_start, _scanned + newline - _start);
                _start = _scanned += newline + 1;
                return line.Span is [.., (byte)'\r'] ? line[..^1] : line;
            }

            _scanned = _end;
            if (_end - _start > maxLineBytes)
            {
                throw new TemplatingException(code, $"{peer} sent a line longer than {maxLineBytes} bytes.");
            }

            await MakeRoomAsync(cancellationToken);
            int read;
            try
            {
                read = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
            {
                read = 0;
            }

            if (read == 0)
            {
                return _end == _start
                    ? null
                    : throw new TemplatingException(code, $"{peer} closed the connection in the middle of a line.");
            }

            _end += read;
        }
    }

    /// <summary>Drops everything up to and including the next byte of that value.</summary>
    public async ValueTask<bool> SkipPastAsync(byte mark, CancellationToken cancellationToken)
    {
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf(mark);
            if (at >= 0)
            {
                _start = _scanned = _start + at + 1;
                return true;
            }

            _start = _scanned = _end = 0;
            var read = await socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end = read;
        }
    }

    /// <summary>Gives back what a long line took.</summary>
    public void Dispose()
    {
        lock (_turn)
        {
            _disposed = true;
            ReturnTurn();
        }
    }

    private async ValueTask MakeRoomAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = _end = _scanned = 0;
            if (_buffer.Length > ShortLineBytes)
            {
                _buffer = new byte[FirstBuffer];
                ReturnTurn();
            }
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        var grows = _end - _start > _buffer.Length / 2;
        if (grows && _buffer.Length * 2 > ShortLineBytes && longLines is not null && !_hasTurn)
        {
            await longLines.WaitAsync(cancellationToken);
            TakeTurn();
        }

        var target = grows ? new byte[Math.Min(_buffer.Length * 2, Math.Max(maxLineBytes, FirstBuffer) + FirstBuffer)] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _scanned, _end, _start) = (target, _scanned - _start, _end - _start, 0);
    }

    private void TakeTurn()
    {
        lock (_turn)
        {
            _hasTurn = true;
            if (_disposed)
            {
                ReturnTurn();
            }
        }
    }

    private void ReturnTurn()
    {
        lock (_turn)
        {
            if (_hasTurn)
            {
                _hasTurn = false;
                longLines!.Release();
            }
        }
    }
}

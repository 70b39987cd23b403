using System.Net.Sockets;
using Templating.Core.Errors;

namespace Templating.Qemu.Base;

/// <summary>Lines from a peer that is not trusted: none longer than the limit is ever held.</summary>
internal sealed class LineReader(Socket socket, int maxLineBytes, ErrorCode code, string peer)
{
    private const int FirstBuffer = 4096;

    private byte[] _buffer = new byte[FirstBuffer];
    private int _start;
    private int _end;
    private int _scanned;

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

            MakeRoom();
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

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = _scanned = 0;
            if (_buffer.Length > FirstBuffer * 16)
            {
                _buffer = new byte[FirstBuffer];
            }
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        var target = _end - _start > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _scanned, _end, _start) = (target, _scanned - _start, _end - _start, 0);
    }
}

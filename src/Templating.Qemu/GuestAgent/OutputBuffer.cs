using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// A command's output between its guest and its reader, in order, as one run of bytes. An object for each message would cost a
/// hundred bytes for one byte of output, and it is the guest that says how many messages there are.
/// <code>record: 2 bytes, little-endian: bit 15 set for standard error, bits 0 to 14 the length; then that many bytes</code>
/// </summary>
internal sealed class OutputBuffer
{
    /// <summary>The price of a record beside its bytes. At worst, byte by byte from both streams in turn, it is paid for each byte.</summary>
    public const int RecordBytes = 2;

    /// <summary>Small pieces of one stream are put together up to that size.</summary>
    private const int MergedBytes = 8192;

    private const int ErrorBit = 0x8000;
    private const int LengthMask = 0x7fff;
    private const int FirstBuffer = 256;
    private const int KeptBuffer = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private byte[] _bytes = [];
    private int _start;
    private int _end;
    private int? _last;
    private ExecExited? _exited;

    /// <summary>What it takes in memory.</summary>
    public int HeldBytes => _bytes.Length;

    /// <param name="standardError">Else it is standard output.</param>
    /// <param name="bytes">At most 32,767, which is more than a line of the protocol has.</param>
    public void Add(bool standardError, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            if (_last is { } last && Merge(last, standardError, bytes))
            {
                return;
            }

            MakeRoom(RecordBytes + bytes.Length);
            _last = _end;
            WriteHeader(_end, standardError, bytes.Length);
            bytes.CopyTo(_bytes.AsSpan(_end + RecordBytes));
            _end += RecordBytes + bytes.Length;
        }

        _news.Writer.TryWrite(true);
    }

    public bool TryRead([NotNullWhen(true)] out ExecOutput? output)
    {
        lock (_lock)
        {
            if (_start < _end)
            {
                output = Take();
            }
            else
            {
                (output, _exited) = (_exited, null);
            }

            return output is not null;
        }
    }

    /// <summary>What is there now is dropped.</summary>
    /// <returns>How many bytes of output it was.</returns>
    public int Drop()
    {
        var dropped = 0;
        lock (_lock)
        {
            while (_start < _end)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(_start)) & LengthMask;
                dropped += length;
                _start += RecordBytes + length;
            }

            Reset();
        }

        return dropped;
    }

    public void Complete(ExecExited exited)
    {
        lock (_lock)
        {
            _exited = exited;
        }

        _news.Writer.TryWrite(true);
        _news.Writer.TryComplete();
    }

    /// <summary>The reader gets it after what was there before.</summary>
    public void Fail(TemplatingException fault) => _news.Writer.TryComplete(fault);

    public async IAsyncEnumerable<ExecOutput> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            while (TryRead(out var output))
            {
                yield return output;
            }
        }
        while (await _news.Reader.WaitToReadAsync(cancellationToken) && _news.Reader.TryRead(out _));
    }

    private bool Merge(int last, bool standardError, ReadOnlySpan<byte> bytes)
    {
        var header = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(last));
        var length = (header & LengthMask) + bytes.Length;
        if ((header & ErrorBit) != 0 != standardError || length > MergedBytes)
        {
            return false;
        }

        MakeRoom(bytes.Length);
        WriteHeader(_last!.Value, standardError, length);
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
        return true;
    }

    private void WriteHeader(int at, bool standardError, int length) =>
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(at), (ushort)(length | (standardError ? ErrorBit : 0)));

    private ExecOutput Take()
    {
        var header = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(_start));
        var bytes = _bytes.AsSpan(_start + RecordBytes, header & LengthMask).ToArray();
        _start += RecordBytes + bytes.Length;
        if (_start == _end)
        {
            Reset();
        }

        return (header & ErrorBit) != 0 ? new ExecStandardError(bytes) : new ExecStandardOutput(bytes);
    }

    private void Reset()
    {
        (_start, _end, _last) = (0, 0, null);
        if (_bytes.Length > KeptBuffer)
        {
            _bytes = [];
        }
    }

    private void MakeRoom(int bytes)
    {
        if (_end + bytes <= _bytes.Length)
        {
            return;
        }

        var used = _end - _start;
        var target = used + bytes <= _bytes.Length / 2 ? _bytes : new byte[Math.Max(FirstBuffer, Math.Max(_bytes.Length * 2, used + bytes))];
        _bytes.AsSpan(_start, used).CopyTo(target);
        (_bytes, _last, _start, _end) = (target, _last - _start, 0, used);
    }
}

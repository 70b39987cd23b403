namespace Templating.Node.Kubernetes;

/// <summary>What a client sends, through an <see cref="AuthorityFilter"/>.</summary>
internal sealed class AuthorityStream(Stream inner) : Stream
{
    private readonly AuthorityFilter _filter = new();
    private byte? _kept;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <param name="buffer">Of at least two bytes.</param>
    /// <param name="cancellationToken">Of this read.</param>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var seen = 0;
            if (_kept is { } kept)
            {
                buffer.Span[0] = kept;
                seen = 1;
            }

            var read = await inner.ReadAsync(buffer[seen..], cancellationToken);
            if (read == 0)
            {
                _kept = null;
                return seen;
            }

            var length = seen + read;
            if (_filter.Apply(buffer.Span[..length], seen))
            {
                _kept = buffer.Span[--length];
            }
            else
            {
                _kept = null;
            }

            if (length > 0)
            {
                return length;
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

namespace Templating.Core.Machines;

/// <summary>The console of a VM that has ended: what its guest printed last, and nothing more.</summary>
public sealed class EndedConsole(byte[] tail) : IConsole
{
    public byte[] ReadTail() => tail;

    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken) =>
        AsyncEnumerable.Empty<ReadOnlyMemory<byte>>();

    /// <summary>Nobody is there to read it; the caller is about to see the end.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

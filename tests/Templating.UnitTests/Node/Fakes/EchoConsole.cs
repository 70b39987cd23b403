using System.Threading.Channels;
using Templating.Core.Machines;

namespace Templating.UnitTests.Node.Fakes;

/// <summary>A console that prints what is typed.</summary>
internal sealed class EchoConsole(string history) : IConsole
{
    private readonly Channel<ReadOnlyMemory<byte>> _output = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();

    public TaskCompletionSource ReaderLeft { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public byte[] ReadTail() => System.Text.Encoding.UTF8.GetBytes(history);

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var bytes in _output.Reader.ReadAllAsync(cancellationToken))
            {
                yield return bytes;
            }
        }
        finally
        {
            ReaderLeft.TrySetResult();
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await _output.Writer.WriteAsync(bytes.ToArray(), cancellationToken);
}

using System.Runtime.CompilerServices;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>A clone's console, whose reading is a use of the clone.</summary>
internal sealed class UsedConsole(IConsole console, CloneLifetime lifetime) : IConsole
{
    public byte[] ReadTail() => console.ReadTail();

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var use = lifetime.Use();
        await foreach (var bytes in console.ReadAsync(cancellationToken))
        {
            yield return bytes;
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => console.WriteAsync(bytes, cancellationToken);
}

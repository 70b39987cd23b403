using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>A share of the budget; given back once, on dispose. It grows with its VM.</summary>
public sealed class MemoryCharge(NodeCapacity owner, string tenant, long bytes) : IDisposable
{
    private long _bytes = bytes;

    public long Bytes
    {
        get => Interlocked.Read(ref _bytes);
        internal set => Interlocked.Exchange(ref _bytes, value);
    }

    /// <summary>The owner's to read and to set.</summary>
    internal bool IsReleased { get; set; }

    /// <exception cref="TemplatingException">There is no room for it.</exception>
    internal void Grow(long memoryBytes) => owner.Grow(this, tenant, memoryBytes);

    internal void Shrink(long memoryBytes) => owner.Shrink(this, tenant, memoryBytes);

    public void Dispose() => owner.Release(this, tenant);
}

namespace Templating.Node.Admission;

/// <summary>What one connection or call holds of <see cref="Shares"/>; given back when it is disposed of.</summary>
internal sealed class Share(Shares shares, string caller, Standing standing) : IDisposable
{
    private readonly Lock _lock = new();
    private long _held;
    private bool _disposed;

    /// <summary>Null where its caller holds its share already.</summary>
    public static Share? TryTake(Shares shares, string caller, Standing standing)
    {
        var share = new Share(shares, caller, standing);
        return share.TrySet(1) ? share : null;
    }

    /// <summary>Makes it so much, more or less than before.</summary>
    /// <returns>Whether there is that much for it; less there always is.</returns>
    public bool TrySet(long amount)
    {
        lock (_lock)
        {
            var more = amount - _held;
            if (_disposed || (more > 0 && !shares.TryTake(caller, standing, more)))
            {
                return false;
            }

            if (more < 0)
            {
                shares.Return(caller, standing, -more);
            }

            _held = amount;
            return true;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            if (_held > 0)
            {
                shares.Return(caller, standing, _held);
                _held = 0;
            }
        }
    }
}

namespace Templating.Node.Admission;

/// <summary>
/// Something of which there is only so much, given out in shares: no caller gets more than its own, and all tenants together
/// leave something to those that may act for all.
/// </summary>
/// <param name="perCaller">What a tenant's caller may hold; a stranger an eighth of it, one that may act for all eight times as much.</param>
/// <param name="total">What there is. Strangers together get an eighth of it, tenants and strangers three quarters.</param>
internal sealed class Shares(long perCaller, long total)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private readonly long[] _heldBy = new long[3];

    /// <summary>How many callers hold anything.</summary>
    public int Holders
    {
        get
        {
            lock (_lock)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>What one caller of that standing may hold.</summary>
    public long LimitOf(Standing standing) => Math.Min(total, standing switch
    {
        Standing.Stranger => Math.Max(1, perCaller / 8),
        Standing.Tenant => perCaller,
        _ => perCaller * 8,
    });

    public bool TryTake(string caller, Standing standing, long amount)
    {
        lock (_lock)
        {
            var held = _held.GetValueOrDefault(caller);
            if (held + amount > LimitOf(standing) || !HasRoom(standing, amount))
            {
                return false;
            }

            _held[caller] = held + amount;
            _heldBy[(int)standing] += amount;
            return true;
        }
    }

    /// <param name="caller">As it was taken.</param>
    /// <param name="standing">As it was when it was taken.</param>
    /// <param name="amount">At most what was taken.</param>
    public void Return(string caller, Standing standing, long amount)
    {
        lock (_lock)
        {
            _heldBy[(int)standing] -= amount;
            if (_held[caller] == amount)
            {
                _held.Remove(caller);
            }
            else
            {
                _held[caller] -= amount;
            }
        }
    }

    private bool HasRoom(Standing standing, long amount)
    {
        var strangers = _heldBy[(int)Standing.Stranger] + amount;
        var ordinary = _heldBy[(int)Standing.Tenant] + strangers;
        var all = _heldBy[(int)Standing.Trusted] + ordinary;
        return all <= total && standing switch
        {
            Standing.Stranger => strangers <= Math.Max(1, total / 8) && ordinary <= total - (total / 4),
            Standing.Tenant => ordinary <= total - (total / 4),
            _ => true,
        };
    }
}

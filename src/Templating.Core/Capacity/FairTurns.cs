using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>
/// So many at once in all, shared fairly among tenants. A free turn goes to the tenant that has the fewest, of several to the
/// one that got its last the longest ago, and within a tenant to who came first. A tenant that has none gets its first without
/// waiting for the others', up to twice the number in all: neither the many nor the hung of one hold up another.
/// </summary>
internal sealed class FairTurns(TurnRules rules, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private int _counted;
    private int _idle;
    private long _given;

    /// <summary>Waits for a turn.</summary>
    /// <exception cref="TemplatingException">NodeCapacityExhausted: too many of the tenant's wait already.</exception>
    public async Task<Turn> TakeAsync(string tenant, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<Turn>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            var share = ShareOf(tenant);
            if (share.Waiting.Count >= rules.MaxWaiting)
            {
                throw new TemplatingException(
                    ErrorCode.NodeCapacityExhausted,
                    $"{share.Waiting.Count} {rules.What} of tenant '{tenant}' wait for their turn already, which is the limit. Ask again when some are done.")
                { RetryAfter = TimeSpan.FromSeconds(5) };
            }

            share.Waiting.AddLast(waiter);
            GiveFree();
        }

        await using var registration = cancellationToken.UnsafeRegister(_ => Leave(tenant, waiter, cancellationToken), null);
        return await waiter.Task;
    }

    /// <summary>
    /// Waits for a turn at work that nobody waits for: one comes while no other is waited for, and half of those in all are never such, so
    /// that who comes next finds a free one.
    /// </summary>
    public async Task<Turn> TakeIdleAsync(string tenant, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource<Turn>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            ShareOf(tenant).Idle.AddLast(waiter);
            GiveFree();
        }

        await using var registration = cancellationToken.UnsafeRegister(_ => Leave(tenant, waiter, cancellationToken), null);
        return await waiter.Task;
    }

    /// <summary>A turn, or null where one would have to wait for it.</summary>
    public Turn? TryTake(string tenant)
    {
        lock (_lock)
        {
            var share = ShareOf(tenant);
            var turn = share.Waiting.Count == 0 && MayHave(share) ? Give(share) : null;
            Tidy(share);
            return turn;
        }
    }

    internal ITimer BeginPatience(Turn turn) => time.CreateTimer(_ => Discount(turn), null, rules.Patience, Timeout.InfiniteTimeSpan);

    /// <summary>Its holder works again. Beyond the number if need be: it is never made to wait in the midst of its work.</summary>
    internal void Count(Turn turn)
    {
        lock (_lock)
        {
            if (!turn.IsGivenBack && !turn.IsCounted)
            {
                turn.IsCounted = true;
                _shares[turn.Tenant].Counted++;
                _counted++;
            }
        }
    }

    internal void GiveBack(Turn turn)
    {
        lock (_lock)
        {
            if (turn.IsGivenBack)
            {
                return;
            }

            DiscountUnderLock(turn);
            turn.IsGivenBack = true;
            _idle -= turn.IsIdle ? 1 : 0;
            var share = _shares[turn.Tenant];
            share.Held--;
            Tidy(share);
            GiveFree();
        }
    }

    private void Discount(Turn turn)
    {
        lock (_lock)
        {
            DiscountUnderLock(turn);
            GiveFree();
        }
    }

    private void DiscountUnderLock(Turn turn)
    {
        if (turn.IsCounted && !turn.IsGivenBack)
        {
            turn.IsCounted = false;
            _shares[turn.Tenant].Counted--;
            _counted--;
        }
    }

    private void Leave(string tenant, TaskCompletionSource<Turn> waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_shares.TryGetValue(tenant, out var share) && (share.Waiting.Remove(waiter) || share.Idle.Remove(waiter)))
            {
                waiter.SetCanceled(cancellationToken);
                Tidy(share);
            }
        }
    }

    private void GiveFree()
    {
        while (_shares.Values.Where(s => s.Waiting.Count > 0 && MayHave(s)).MinBy(s => (s.Counted, s.LastGiven)) is { } next)
        {
            var waiter = next.Waiting.First!.Value;
            next.Waiting.RemoveFirst();
            waiter.SetResult(Give(next));
        }

        while (_idle < Math.Max(1, rules.InAll / 2) && _counted < rules.InAll && _shares.Values.All(s => s.Waiting.Count == 0)
            && _shares.Values.Where(s => s.Idle.Count > 0).MinBy(s => s.LastGiven) is { } idle)
        {
            var waiter = idle.Idle.First!.Value;
            idle.Idle.RemoveFirst();
            _idle++;
            var turn = Give(idle);
            turn.IsIdle = true;
            waiter.SetResult(turn);
        }
    }

    private bool MayHave(Share share) => share.Held < Math.Max(1, rules.PerTenant(share.Tenant))
        && (_counted < rules.InAll || (share.Counted == 0 && _counted < 2 * rules.InAll));

    private Turn Give(Share share)
    {
        share.Held++;
        share.Counted++;
        share.LastGiven = ++_given;
        _counted++;
        return new Turn(this, share.Tenant);
    }

    private Share ShareOf(string tenant) => _shares.TryGetValue(tenant, out var share) ? share : _shares[tenant] = new Share(tenant) { LastGiven = ++_given };

    private void Tidy(Share share)
    {
        if (share is { Held: 0, Waiting.Count: 0, Idle.Count: 0 })
        {
            _shares.Remove(share.Tenant);
        }
    }

    private sealed class Share(string tenant)
    {
        public string Tenant => tenant;

        /// <summary>Turns it has.</summary>
        public int Held { get; set; }

        /// <summary>Of those, the ones that count among all.</summary>
        public int Counted { get; set; }

        /// <summary>When it got its last turn, or came; in turns.</summary>
        public long LastGiven { get; set; }

        public LinkedList<TaskCompletionSource<Turn>> Waiting { get; } = new();

        /// <summary>Those that nobody waits for.</summary>
        public LinkedList<TaskCompletionSource<Turn>> Idle { get; } = new();
    }
}

namespace Templating.Core.Pools;

/// <summary>
/// What a pool does next: one start at most, for a create must not find the host busy with what nobody has asked for yet, and one stop
/// at most. It holds nothing and asks nobody: a function of the situation.
/// </summary>
internal static class PoolPlanner
{
    public static PoolPlan Next(in PoolSituation now)
    {
        var target = Target(now);
        var (restored, prepared) = (now.Restored + now.StartingRestored, now.Prepared + now.StartingPrepared);
        if (Stop(now, target, restored, prepared) is { } stop)
        {
            return stop;
        }

        var mayStart = !now.IsHeld && now.Room > 0 && now.StartingRestored + now.StartingPrepared == 0;
        return !mayStart ? new PoolPlan(target)
            // A restored one saves its clone more, and costs the budget the same.
            : restored < target ? new PoolPlan(target, StartRestored: 1)
            : prepared < now.Sizes.Prepared ? new PoolPlan(target, StartPrepared: 1)
            : new PoolPlan(target);
    }

    /// <summary>
    /// Grows at once, for who comes next comes soon. Shrinks only when the demand has fallen by more than a quarter, or is over: a start and a stop for
    /// each clone more or less would be work for nothing.
    /// </summary>
    private static int Target(in PoolSituation now)
    {
        var sizes = now.Sizes;
        var wanted = sizes.MaxRestored == 0 ? sizes.Restored : Math.Clamp(now.Takes + sizes.Spare, sizes.Restored, sizes.Most);
        var before = Math.Clamp(now.Target, sizes.Restored, sizes.Most);
        return wanted >= before || wanted < before - Slack(before) || now.Takes == 0 ? wanted : before;
    }

    /// <summary>How far the demand may fall without a change.</summary>
    internal static int Slack(int target) => Math.Max(1, target / 4);

    /// <summary>Prepared ones first: each frees as much of the budget, and the next clone loses less by it.</summary>
    private static PoolPlan? Stop(in PoolSituation now, int target, int restored, int prepared)
    {
        var isOver = now.Room < 0;
        return now.Prepared > 0 && (isOver || prepared > now.Sizes.Prepared) ? new PoolPlan(target, StopPrepared: 1)
            : now.Restored > 0 && (isOver || restored > target) ? new PoolPlan(target, StopRestored: 1)
            : null;
    }
}

using CsCheck;
using Templating.Core.Pools;

namespace Templating.UnitTests.Pools;

/// <summary>Whatever a pool's situation: what it does next is bounded, and leads to what was asked for.</summary>
public sealed class PoolPlannerTests
{
    private const int Iterations = 20_000;

    private static readonly Gen<PoolSizes> Sizes =
        from restored in Gen.Int[0, 12]
        from prepared in Gen.Int[0, 6]
        from more in Gen.Int[0, 12]
        from follows in Gen.Bool
        from spare in Gen.Int[0, 6]
        select follows
            ? new PoolSizes { Restored = restored, Prepared = prepared, MaxRestored = restored + more, Spare = spare }
            : new PoolSizes { Restored = restored, Prepared = prepared };

    private static readonly Gen<PoolSituation> Situations =
        from sizes in Sizes
        from target in Gen.Int[0, 30]
        from restored in Gen.Int[0, 30]
        from prepared in Gen.Int[0, 10]
        from starting in Gen.Int[0, 2]
        from takes in Gen.Int[0, 40]
        from room in Gen.Int[-3, 20]
        from held in Gen.Bool
        select new PoolSituation
        {
            Sizes = sizes,
            Target = target,
            Restored = restored,
            Prepared = prepared,
            StartingRestored = starting == 1 ? 1 : 0,
            StartingPrepared = starting == 2 ? 1 : 0,
            Takes = takes,
            Room = room,
            IsHeld = held,
        };

    [Fact]
    public void NoPlanGoesAboveWhatIsAllowedOrBelowZero() => Situations.Sample(
        now =>
        {
            var plan = PoolPlanner.Next(now);
            var most = Math.Max(now.Sizes.Restored, now.Sizes.MaxRestored);
            plan.Target.ShouldBeInRange(now.Sizes.Restored, most);
            if (plan.StartRestored > 0)
            {
                (now.Restored + now.StartingRestored + plan.StartRestored).ShouldBeLessThanOrEqualTo(most);
            }

            if (plan.StartPrepared > 0)
            {
                (now.Prepared + now.StartingPrepared + plan.StartPrepared).ShouldBeLessThanOrEqualTo(now.Sizes.Prepared);
            }

            plan.StopRestored.ShouldBeInRange(0, now.Restored);
            plan.StopPrepared.ShouldBeInRange(0, now.Prepared);
        },
        iter: Iterations);

    [Fact]
    public void APlanIsOneStartOrOneStopOrNothing() => Situations.Sample(
        now =>
        {
            var plan = PoolPlanner.Next(now);
            (plan.StartRestored + plan.StartPrepared + plan.StopRestored + plan.StopPrepared).ShouldBeInRange(0, 1);
            (plan.StartRestored + plan.StartPrepared + now.StartingRestored + now.StartingPrepared).ShouldBeLessThanOrEqualTo(1);
        },
        iter: Iterations);

    [Fact]
    public void NothingIsStartedWithoutRoomOrWhileItIsHeld() => Situations.Sample(
        now =>
        {
            var plan = PoolPlanner.Next(now);
            if (now.IsHeld || now.Room <= 0)
            {
                (plan.StartRestored + plan.StartPrepared).ShouldBe(0);
            }
        },
        iter: Iterations);

    [Fact]
    public void WhatTheBudgetDoesNotAllowIsStoppedPreparedOnesFirst() => Situations.Sample(
        now =>
        {
            var plan = PoolPlanner.Next(now with { Room = -1 });
            plan.StopPrepared.ShouldBe(now.Prepared > 0 ? 1 : 0);
            plan.StopRestored.ShouldBe(now is { Prepared: 0, Restored: > 0 } ? 1 : 0);
        },
        iter: Iterations);

    /// <summary>As many steps as there are VMs too few and too many; then it rests.</summary>
    [Fact]
    public void WithRoomItComesToWhatWasAskedForAndRests() => Situations.Sample(
        first =>
        {
            var now = first with { Room = 100, IsHeld = false };
            var steps = 0;
            while (true)
            {
                var plan = PoolPlanner.Next(now);
                if (plan == new PoolPlan(plan.Target) && now.StartingRestored + now.StartingPrepared == 0)
                {
                    now.Restored.ShouldBe(plan.Target);
                    now.Prepared.ShouldBe(now.Sizes.Prepared);
                    PoolPlanner.Next(now with { Target = plan.Target }).ShouldBe(plan);
                    return;
                }

                // What is under way is there by the next step.
                now = now with
                {
                    Target = plan.Target,
                    Restored = now.Restored + now.StartingRestored - plan.StopRestored,
                    Prepared = now.Prepared + now.StartingPrepared - plan.StopPrepared,
                    StartingRestored = plan.StartRestored,
                    StartingPrepared = plan.StartPrepared,
                };
                (++steps).ShouldBeLessThan(100);
            }
        },
        iter: Iterations);

    [Fact]
    public void DemandThatFallsALittleChangesNothing() => Situations.Sample(
        now =>
        {
            if (now.Sizes.MaxRestored == 0)
            {
                return;
            }

            var target = PoolPlanner.Next(now).Target;
            var settled = now with { Target = target };
            for (var less = 0; less <= PoolPlanner.Slack(target); less++)
            {
                // By so much less than what leads to this target.
                var takes = target - now.Sizes.Spare - less;
                if (takes > 0)
                {
                    PoolPlanner.Next(settled with { Takes = takes }).Target.ShouldBe(target);
                }
            }
        },
        iter: Iterations);

    [Fact]
    public void WithoutDemandItIsAsSmallAsIsAllowed() => Situations.Sample(
        now => PoolPlanner.Next(now with { Takes = 0 }).Target.ShouldBe(
            Math.Clamp(now.Sizes.MaxRestored == 0 ? 0 : now.Sizes.Spare, now.Sizes.Restored, Math.Max(now.Sizes.Restored, now.Sizes.MaxRestored))),
        iter: Iterations);

    [Fact]
    public void AClonesDemandIsFollowedUpToTheMost()
    {
        var sizes = new PoolSizes { Restored = 1, MaxRestored = 8, Spare = 2 };
        PoolPlanner.Next(new PoolSituation { Sizes = sizes, Target = 1, Takes = 3, Room = 9 }).ShouldBe(new PoolPlan(5, StartRestored: 1));
        PoolPlanner.Next(new PoolSituation { Sizes = sizes, Target = 5, Takes = 30, Room = 9 }).Target.ShouldBe(8);
        PoolPlanner.Next(new PoolSituation { Sizes = sizes, Target = 8, Takes = 4, Room = 9 }).Target.ShouldBe(8);
        PoolPlanner.Next(new PoolSituation { Sizes = sizes, Target = 8, Takes = 3, Room = 9 }).Target.ShouldBe(5);
    }
}

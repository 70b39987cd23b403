using CsCheck;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Schedules;

namespace Templating.KubectlTests.Load.Schedules;

public sealed class ArrivalPlanTests
{
    private static readonly Gen<RampStage> Ramps = Gen.Select(Gen.Double[0, 50], Gen.Double[0, 50], Gen.Double[1, 300])
        .Select((from, to, seconds) => new RampStage(from, to, TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void ABurstIsAllAtOnce() => ArrivalPlan.Of(new BurstStage(3)).ShouldBe([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero]);

    [Fact]
    public void ASteadyRateIsEven() => ArrivalPlan.Of(new SteadyStage(4, TimeSpan.FromSeconds(1)))
        .ShouldBe([TimeSpan.Zero, TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75)]);

    [Fact]
    public void APauseAndARatchetPlanNothing()
    {
        ArrivalPlan.Of(new PauseStage(TimeSpan.FromSeconds(1))).ShouldBeEmpty();
        ArrivalPlan.Of(new RatchetStage(1, 1, 0)).ShouldBeEmpty();
        ArrivalPlan.LengthOf(new PauseStage(TimeSpan.FromSeconds(1))).ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void ARampIsInOrderWithinItsTimeAndHasAsManyAsItsMeanRate() => Ramps.Sample(ramp =>
    {
        var all = ArrivalPlan.Of(ramp).ToList();
        all.ShouldBe(all.Order());
        all.ShouldAllBe(at => at >= TimeSpan.Zero && at <= ramp.Over);
        ((double)all.Count).ShouldBe((ramp.From + ramp.To) / 2 * ramp.Over.TotalSeconds, tolerance: 1);
    });

    [Fact]
    public void UntilHalfOfARampsTimeComesWhatItsRatesUntilThenSay() => Ramps.Sample(ramp =>
    {
        var half = ramp.Over / 2;
        var expected = (ramp.From + ((ramp.From + ramp.To) / 2)) / 2 * half.TotalSeconds;
        ((double)ArrivalPlan.Of(ramp).Count(at => at < half)).ShouldBe(expected, tolerance: 1.5);
    });

    [Fact]
    public void InEachTurnEverySubjectHasItsShare() => Gen.Int[1, 9].Array[1, 4].Sample(shares =>
    {
        var turns = new Turns(shares);
        for (var turn = 0; turn < 3; turn++)
        {
            var who = Enumerable.Range(0, shares.Sum()).Select(_ => turns.Next()).ToList();
            shares.Select((share, i) => who.Count(w => w == i) == share).ShouldAllBe(same => same);
        }
    });

    [Fact]
    public void EqualSharesAlternate()
    {
        var turns = new Turns([1, 1]);
        Enumerable.Range(0, 4).Select(_ => turns.Next()).ShouldBe([0, 1, 0, 1]);
    }
}

using CsCheck;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes;

namespace Templating.KubectlTests.Load.Samples;

public sealed class FigureTests
{
    private static readonly Gen<double[]> Values = Gen.Double[0, 1000].Array[1, 200].Select(values => values.Order().ToArray());

    [Fact]
    public void APercentileIsOneOfTheValuesAndTheLeastThatItsShareIsAtOrBelow() => Gen.Select(Values, Gen.Double[0.01, 1]).Sample((values, share) =>
    {
        var found = Percentiles.Of(values, share);
        values.ShouldContain(found);
        (values.Count(v => v <= found) / (double)values.Length).ShouldBeGreaterThanOrEqualTo(share - 1e-6);
        (values.Count(v => v < found) / (double)values.Length).ShouldBeLessThan(share + 1e-6);
    });

    [Fact]
    public void APercentileNeverFallsWithItsShare() => Gen.Select(Values, Gen.Double.Unit, Gen.Double.Unit).Sample((values, a, b) =>
        Percentiles.Of(values, Math.Min(a, b)).ShouldBeLessThanOrEqualTo(Percentiles.Of(values, Math.Max(a, b))));

    [Fact]
    public void TheMostOfAllIsTheWhole() => Percentiles.Of([1, 2, 3], 1).ShouldBe(3);

    [Fact]
    public void WarmAndColdAreApart()
    {
        var sides = SideSummary.Of([Make(0, 1, start: StartKinds.Warm), Make(0, 2, start: StartKinds.Cold), Make(0, null, failure: "x")]);
        sides.Select(s => s.Name).ShouldBe(["vm", "vm cold", "vm warm"]);
        sides[0].FailedPercent.ShouldBe(100);
        sides[2].Time(0.5).ShouldBe(1000);
    }

    [Fact]
    public void TheRateIsFromTheFirstCreateCallToTheLastUsable()
    {
        RunFigures.Rate([Make(1, 2), Make(2, 5)]).ShouldBe(0.5);
        RunFigures.Rate([Make(1, null)]).ShouldBeNull();
        RunFigures.Rate([]).ShouldBeNull();
    }

    [Fact]
    public void HeldIsTheMostThatWereUsableAtOnce() =>
        RunFigures.Held([Make(0, 1, deleted: 3), Make(0, 2, deleted: 4), Make(0, 3, deleted: 5), Make(0, null)]).ShouldBe(2);

    [Fact]
    public void WhatEndedIsNotHeldAnyMore() =>
        RunFigures.Held([Make(0, 1, deleted: 9) with { Ended = 2 }, Make(0, 3, deleted: 9), Make(0, 4, deleted: 9)]).ShouldBe(2);

    [Fact]
    public void EachTimeIsInOneWindow() => Gen.Select(Gen.Double[0, 100].Array, Gen.Double[0.5, 10]).Sample((times, width) =>
        RunFigures.Windows(times.Select(t => (double?)t), width, 100).Sum().ShouldBe(times.Length));

    [Fact]
    public void PhasesTogetherAreTheWholeWhateverCameFirst() =>
        Gen.Select(Gen.Double[0, 5], Gen.Double[0, 5], Gen.Double[0, 5], Gen.Double[0, 5], Gen.Double[1, 5]).Sample((accepted, placed, started, ready, usable) =>
        {
            var parts = Phases.Of(Make(0.5, 0.5 + usable) with { Accepted = accepted, Placed = placed, Started = started, Ready = ready });
            parts.ShouldNotBeNull().ShouldAllBe(p => p >= 0);
            parts.Sum().ShouldBe(usable * 1000, tolerance: 1e-6);
        });

    [Fact]
    public void WhatWasNotUsableHasNoPhases() => Phases.Of(Make(0, null)).ShouldBeNull();

    [Fact]
    public void AThresholdIsMetAtItsLimitAndMissedAboveIt()
    {
        Sample[] samples = [Make(0, 1), Make(0, 2)];
        Verdict.Of(new Threshold { Figure = "max", Most = 2000 }, samples).ShouldBe(new Verdict("max at most 2s", "2s", Met: true));
        Verdict.Of(new Threshold { Figure = "max", Most = 1999 }, samples).Met.ShouldBeFalse();
        Verdict.Of(new Threshold { Figure = "p50", Least = 1500 }, samples).Met.ShouldBeFalse();
    }

    [Fact]
    public void OneSubjectIsComparedWithAnother()
    {
        Sample[] samples = [Make(0, 1), Make(0, 4) with { Subject = "plain" }];
        Verdict.Of(new Threshold { Figure = "p50", Subject = "vm", Against = "plain", Most = 0.3 }, samples)
            .ShouldBe(new Verdict("p50 of vm by that of plain at most 0.3", "0.25", Met: true));
    }

    [Fact]
    public void WhatWasNotMeasuredIsMissed() =>
        Verdict.Of(new Threshold { Figure = "p50", Most = 1 }, []).ShouldBe(new Verdict("p50 at most 1ms", "not measured", Met: false));

    [Fact]
    public void FailuresAreAPartOfWhatCameToAnEnd()
    {
        Sample[] samples = [Make(0, 1), Make(0, null, failure: "x"), Make(0, null)];
        Verdict.Of(new Threshold { Figure = Figures.Failures, Most = 50 }, samples).ShouldBe(new Verdict("failures at most 50 %", "50 %", Met: true));
        Verdict.Of(new Threshold { Figure = Figures.Failures, Most = 49 }, samples).Met.ShouldBeFalse();
    }

    internal static Sample Make(double created, double? usable, string? start = null, string? failure = null, double? deleted = null) => new()
    {
        Namespace = "team-a",
        Name = "load-x-1",
        Subject = "vm",
        Start = start,
        Failure = failure,
        Offered = created,
        Created = created,
        Usable = usable,
        Deleted = deleted,
    };
}

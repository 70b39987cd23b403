using Templating.Benchmarks;

namespace Templating.BenchmarkTests;

public sealed class ComparisonTests
{
    private static readonly Comparison Compared = new("ours over theirs", "ours", "ours", "theirs", "theirs", "ms", 4, Limit99: 15);

    [Fact]
    public void AComparisonIsTheRatioOfTheMediansAndOfOurTailByTheirMedian()
    {
        var samples = new Samples();
        samples.AddAll("ours", Enumerable.Repeat(3.0, 98).Append(40).Append(50));
        samples.AddAll("theirs", [1, 1, 1]);

        var targets = Compared.Targets(samples).ToArray();

        targets.Select(t => t.Measured).ShouldBe([3, 40]);
        targets.Select(t => t.Met).ShouldBe([true, false]);
    }

    [Fact]
    public void AComparisonWithoutBothSidesIsNotInTheRun()
    {
        var samples = new Samples();
        samples.Add("ours", 1);
        Compared.IsIn(samples).ShouldBeFalse();

        samples.Add("theirs", 1);
        Compared.IsIn(samples).ShouldBeTrue();
    }
}

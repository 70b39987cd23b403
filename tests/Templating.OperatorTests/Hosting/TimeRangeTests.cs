using Templating.Operator.Pods;

namespace Templating.OperatorTests.Hosting;

public sealed class TimeRangeTests
{
    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(60_000, true)]
    [InlineData(60_001, false)]
    public void BothBoundsAreAllowed(int milliseconds, bool allowed)
    {
        var result = new PodOptionsValidator().Validate(null, new PodOptions { RefillDelay = TimeSpan.FromMilliseconds(milliseconds) });

        result.Succeeded.ShouldBe(allowed);
        (result.FailureMessage ?? "").Contains("RefillDelay must be between 00:00:00 and 00:01:00", StringComparison.Ordinal).ShouldBe(!allowed);
    }
}

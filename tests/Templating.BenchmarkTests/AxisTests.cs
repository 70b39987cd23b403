using Templating.Plots;

namespace Templating.BenchmarkTests;

public sealed class AxisTests
{
    [Theory]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(99.9)]
    [InlineData(100)]
    [InlineData(123_456)]
    public void AnEvenAxisBeginsAtZeroAndEndsAtOrAboveTheLargest(double largest)
    {
        var axis = Axis.FromZero([largest / 2, largest]);

        axis.Ticks[0].ShouldBe(0);
        axis.Ticks[^1].ShouldBeGreaterThanOrEqualTo(largest);
        axis.Ticks.Count.ShouldBeInRange(3, 8);
        axis.Place(largest).ShouldBeInRange(0.5, 1);
    }

    [Fact]
    public void ValuesFarApartGetALogarithmicAxisOnWhichEachHasItsPlace()
    {
        var axis = Axis.Around([0.6, 40, 9000]);

        axis.Ticks[0].ShouldBe(0.5);
        axis.Ticks[^1].ShouldBe(10_000);
        axis.Place(0.5).ShouldBe(0);
        axis.Place(10_000).ShouldBe(1, 1e-9);
        axis.Place(Math.Sqrt(0.5 * 10_000)).ShouldBe(0.5, 1e-9);
    }

    [Fact]
    public void ValuesCloseTogetherGetAnAxisAroundThem()
    {
        var axis = Axis.Around([38, 44, 62]);

        axis.Ticks[0].ShouldBe(35);
        axis.Ticks[^1].ShouldBe(65);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void OneValueAloneHasAPlace(double value)
    {
        Axis.Around([value, value]).Place(value).ShouldBeInRange(0, 1);
        Axis.FromZero([value]).Place(value).ShouldBeInRange(0, 1);
    }
}

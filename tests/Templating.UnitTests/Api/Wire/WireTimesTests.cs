using CsCheck;
using Google.Protobuf.WellKnownTypes;
using Templating.Api.Wire;

namespace Templating.UnitTests.Api.Wire;

public sealed class WireTimesTests
{
    private static readonly Gen<long> Seconds = Gen.OneOf(
        Gen.Long, Gen.Long[-10, 10], Gen.Long[315_575_999_990, 315_576_000_010], Gen.Const(long.MinValue), Gen.Const(long.MaxValue));

    private static readonly Gen<int> Nanos = Gen.OneOf(Gen.Int, Gen.Int[-2, 2], Gen.Int[999_999_990, 1_000_000_010]);

    [Fact]
    public void AnyNumbersAreADurationOrNone() =>
        Gen.Select(Seconds, Nanos).Sample((seconds, nanos) =>
        {
            var duration = new Duration { Seconds = seconds, Nanos = nanos };
            (duration.ToTimeSpanOrNull() is not null).ShouldBe(Converts(() => duration.ToTimeSpan()));
        });

    [Theory]
    [InlineData(-62_135_596_801, 0, false)]
    [InlineData(-62_135_596_800, 0, true)]
    [InlineData(253_402_300_799, 999_999_999, true)]
    [InlineData(253_402_300_800, 0, false)]
    [InlineData(0, -1, false)]
    [InlineData(0, 1_000_000_000, false)]
    [InlineData(long.MinValue, 0, false)]
    [InlineData(long.MaxValue, int.MaxValue, false)]
    public void ATimeIsBetweenTheYears1And9999(long seconds, int nanos, bool sound)
    {
        var time = new Timestamp { Seconds = seconds, Nanos = nanos };
        time.IsSound().ShouldBe(sound);
        (time.ToTimeOrNull() is not null).ShouldBe(sound);
    }

    private static bool Converts(Func<TimeSpan> convert)
    {
        try
        {
            _ = convert();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

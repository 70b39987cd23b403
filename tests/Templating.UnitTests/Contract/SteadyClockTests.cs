using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Templating.Contract;

namespace Templating.UnitTests.Contract;

public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A clock that counts from the year 1 has more ticks than a floating number holds.</summary>
    [Fact]
    public void WhatPassedIsExactWheneverTheClockBegan() => Gen.Select(Gen.Long[0, TimeSpan.TicksPerDay * 3650], Gen.Long[0, TimeSpan.TicksPerDay]).Sample((since, passed) =>
    {
        var time = new FakeTimeProvider(Begin.AddTicks(since));
        var before = time.Steady();
        time.Advance(TimeSpan.FromTicks(passed));
        (time.Steady() - before).Ticks.ShouldBe(passed);
    });

    [Fact]
    public void TheHostsClockGoesOn()
    {
        var before = TimeProvider.System.Steady();
        (TimeProvider.System.Steady() - before).ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
        before.ShouldBeGreaterThan(TimeSpan.Zero);
    }
}

using Templating.Node.Admission;

namespace Templating.UnitTests.Node.Admission;

public sealed class SharesTests
{
    [Theory]
    [InlineData(Standing.Stranger, 2)]
    [InlineData(Standing.Tenant, 16)]
    [InlineData(Standing.Trusted, 128)]
    internal void ACallerGetsItsShareAndNotOneMore(Standing standing, int share)
    {
        var shares = new Shares(perCaller: 16, total: 1000);
        for (var i = 0; i < share; i++)
        {
            shares.TryTake("me", standing, 1).ShouldBeTrue();
        }

        shares.TryTake("me", standing, 1).ShouldBeFalse();
        shares.TryTake("another", standing, 1).ShouldBeTrue();
        shares.Return("me", standing, 1);
        shares.TryTake("me", standing, 1).ShouldBeTrue();
    }

    [Fact]
    public void TenantsTogetherLeaveAQuarterToThoseThatMayActForAll()
    {
        var shares = new Shares(perCaller: 10, total: 80);
        var taken = Enumerable.Range(0, 100).Sum(i => shares.TryTake($"tenant {i}", Standing.Tenant, 5) ? 5 : 0);

        taken.ShouldBe(60);
        shares.TryTake("operator", Standing.Trusted, 20).ShouldBeTrue();
        shares.TryTake("operator", Standing.Trusted, 1).ShouldBeFalse();
    }

    [Fact]
    public void StrangersTogetherLeaveSevenEighthsToOthers()
    {
        var shares = new Shares(perCaller: 16, total: 80);
        var taken = Enumerable.Range(0, 100).Count(i => shares.TryTake($"stranger {i}", Standing.Stranger, 1));

        taken.ShouldBe(10);
        shares.TryTake("tenant", Standing.Tenant, 16).ShouldBeTrue();
    }

    [Fact]
    public void NothingIsKeptOfCallersThatHoldNothing()
    {
        var shares = new Shares(perCaller: 16, total: 80);
        for (var i = 0; i < 1000; i++)
        {
            using var share = Share.TryTake(shares, $"caller {i}", Standing.Tenant);
            share.ShouldNotBeNull().TrySet(7).ShouldBeTrue();
            share.TrySet(17).ShouldBeFalse();
            share.TrySet(3).ShouldBeTrue();
            shares.Holders.ShouldBe(1);
        }

        shares.Holders.ShouldBe(0);
    }
}

using Templating.Core.Capacity;
using Templating.Core.Errors;

namespace Templating.UnitTests.Capacity;

public sealed class VmUserPoolTests
{
    [Fact]
    public void NoTwoLivingVmsShareAUserId()
    {
        var pool = new VmUserPool(1000, 3, 500);

        var users = new[] { pool.Rent(), pool.Rent(), pool.Rent() };

        users.Select(u => u.Uid).Distinct().Count().ShouldBe(3);
        users.ShouldAllBe(u => u.Gid == 500);
        Should.Throw<TemplatingException>(pool.Rent).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
    }

    [Fact]
    public void AReturnedIdIsReusedAsLateAsPossible()
    {
        var pool = new VmUserPool(1000, 3, 500);
        var first = pool.Rent();
        pool.Return(first.Uid);

        new[] { pool.Rent().Uid, pool.Rent().Uid, pool.Rent().Uid }.ShouldBe([1001u, 1002u, 1000u]);
    }

    [Fact]
    public void AnIdOfAnAdoptedVmIsNotGivenAgain()
    {
        var pool = new VmUserPool(1000, 2, 500);
        pool.Reserve(1000);

        pool.Rent().Uid.ShouldBe(1001u);
        Should.Throw<TemplatingException>(pool.Rent);
    }
}

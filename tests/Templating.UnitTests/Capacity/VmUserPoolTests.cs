using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.UnitTests.Capacity;

public sealed class VmUserPoolTests
{
    [Fact]
    public void NoTwoLivingVmsShareAUserId()
    {
        var pool = new VmUserPool(1000, 3);

        var users = new[] { pool.Rent().User, pool.Rent().User, pool.Rent().User };

        users.Select(u => u.Uid).Distinct().Count().ShouldBe(3);
        users.ShouldAllBe(u => u.Gid == u.Uid);
        Should.Throw<TemplatingException>(pool.Rent).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
    }

    [Fact]
    public void AReturnedIdIsReusedAsLateAsPossible()
    {
        var pool = new VmUserPool(1000, 3);
        var first = pool.Rent();
        first.Dispose();
        first.Dispose();

        new[] { pool.Rent().User.Uid, pool.Rent().User.Uid, pool.Rent().User.Uid }.ShouldBe([1001u, 1002u, 1000u]);
    }

    [Fact]
    public void AnIdOfAnAdoptedVmIsNotGivenAgain()
    {
        var pool = new VmUserPool(1000, 2);
        pool.Reserve(new VmUser(1000, 500));

        pool.Rent().User.Uid.ShouldBe(1001u);
        Should.Throw<TemplatingException>(pool.Rent);
    }

    [Fact]
    public void WhereTheNextIdIsTakenTheOneAfterItIsGiven()
    {
        var pool = new VmUserPool(1000, 4);
        pool.Reserve(new VmUser(1002, 1002));

        new[] { pool.Rent().User.Uid, pool.Rent().User.Uid, pool.Rent().User.Uid }.ShouldBe([1000u, 1001u, 1003u]);
        Should.Throw<TemplatingException>(pool.Rent).Message.ShouldContain("All 4 user ids");
    }
}

using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Names;

namespace Templating.UnitTests.Pools;

/// <summary>VMs that wait and user ids, on a node with three of these.</summary>
public sealed class PoolUserTests : PoolTest
{
    public PoolUserTests()
        : base(users: new VmUserPool(2_000_000_000, 3))
    {
    }

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Node.BuildAsync(name: "other");
        await Node.BuildAsync("b");
        Set(restored: 3);
        await WaitAsync(restored: 3);
    }

    [Fact]
    public async Task ACloneForWhichNoUserIsLeftHasOneOfItsTenantsThatWaitsEnded()
    {
        var clone = await CreateAsync("one", r => r with { Template = new TemplateName("a", "other") });

        clone.ReadyAt.ShouldNotBeNull();
        Node.Pools.Get(Web).Vms.Count.ShouldBe(2);
    }

    [Fact]
    public async Task ABuildForWhichNoUserIsLeftHasOneOfItsTenantsThatWaitsEnded()
    {
        await Node.BuildAsync(name: "third");

        await WaitAsync(restored: 3);
    }

    [Fact]
    public async Task AnotherTenantIsRefusedAndEndsNone()
    {
        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync(tenant: "b"))).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);
        (await Should.ThrowAsync<TemplatingException>(() => Node.BuildAsync("b", "more"))).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);

        Node.Pools.Get(Web).Vms.Count.ShouldBe(3);
    }
}

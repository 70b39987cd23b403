using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Pools;

namespace Templating.UnitTests.Pools;

/// <summary>What VMs that wait give up for those that somebody waits for, on a node with room for four.</summary>
public sealed class PoolRoomTests : PoolTest
{
    public PoolRoomTests()
        : base(vms: 4)
    {
    }

    [Fact]
    public async Task ABuildThatFitsOnlyWhenAVmOfItsTenantThatWaitsHasGoneEndsThatOne()
    {
        Set(restored: 3, prepared: 1);
        await WaitAsync(restored: 3, prepared: 1);
        var during = new List<PoolView>();
        Node.Vmm.OnStep = (step, _, _) =>
        {
            during.AddRange(step == "boot" ? [Node.Pools.Get(Web)] : Array.Empty<PoolView>());
            return Task.CompletedTask;
        };

        await Node.BuildAsync(name: "other");

        var pool = during.ShouldHaveSingleItem();
        (Count(pool, WaitingKind.Restored), Count(pool, WaitingKind.Prepared)).ShouldBe((3, 0), "the prepared one was worth the least");
        await WaitAsync(restored: 3, prepared: 1);
    }

    [Fact]
    public async Task ABuildThatDoesNotFitEvenThenIsRefusedAndEndsNone()
    {
        await CreateAsync("one");
        await CreateAsync("two");
        Set(restored: 2);
        var waiting = await WaitAsync(restored: 2);

        (await Should.ThrowAsync<TemplatingException>(() => BuildAsync("large", memoryMiB: 192))).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);

        PidsOf(Node.Pools.Get(Web)).ShouldBe(PidsOf(waiting));
    }

    [Fact]
    public async Task ABuildThatIsLargerThanTheNodeIsRefusedAndEndsNone()
    {
        Set(restored: 2);
        var waiting = await WaitAsync(restored: 2);

        (await Should.ThrowAsync<TemplatingException>(() => BuildAsync("huge", memoryMiB: 1024))).Code.ShouldBe(ErrorCode.NodeTooSmall);

        PidsOf(Node.Pools.Get(Web)).ShouldBe(PidsOf(waiting));
    }

    [Fact]
    public async Task ABuildOfAnotherTenantEndsNone()
    {
        Set(restored: 4);
        var waiting = await WaitAsync(restored: 4);

        (await Should.ThrowAsync<TemplatingException>(() => Node.BuildAsync("b"))).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);

        PidsOf(Node.Pools.Get(Web)).ShouldBe(PidsOf(waiting));
    }

    [Fact]
    public async Task ACloneThatNeedsTheRoomOfSeveralGetsIt()
    {
        await BuildAsync("large", memoryMiB: 224);
        Set(restored: 4);
        await WaitAsync(restored: 4);

        var clone = await CreateAsync("one", r => r with { Template = new TemplateName("a", "large") });

        clone.ReadyAt.ShouldNotBeNull();
        Node.Pools.Get(Web).Vms.Count.ShouldBe(1);
    }

    [Fact]
    public async Task ACloneThatDoesNotFitEvenThenIsRefusedAndEndsNone()
    {
        await BuildAsync("large", memoryMiB: 192);
        await CreateAsync("one");
        await CreateAsync("two");
        Set(restored: 2);
        var waiting = await WaitAsync(restored: 2);

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync("three", r => r with { Template = new TemplateName("a", "large") })))
            .Code.ShouldBe(ErrorCode.NodeMemoryExhausted);

        PidsOf(Node.Pools.Get(Web)).ShouldBe(PidsOf(waiting));
    }

    [Fact]
    public async Task ACloneThatGrowsGetsTheRoomOfThoseThatWait()
    {
        var request = Node.Request(name: "box");
        await Node.Templates.CreateAsync(
            request with { Spec = request.Spec with { Sandbox = true, Machine = request.Spec.Machine with { MaxMemoryBytes = 2048 * MachineSpec.MiB } } },
            null, CancellationToken.None);
        var clone = await CreateAsync("one", r => r with { Template = new TemplateName("a", "box") });
        Set(restored: 3);
        await WaitAsync(restored: 3);

        // Two have to go for 128 MiB more; 384 more would never fit, and nobody is ended for that.
        await Node.Clones.ResizeAsync(clone.Name, new CloneSize(null, 160 * MachineSpec.MiB), CancellationToken.None);

        Node.Pools.Get(Web).Vms.Count.ShouldBe(1);
        (await Should.ThrowAsync<TemplatingException>(
            () => Node.Clones.ResizeAsync(clone.Name, new CloneSize(null, 544 * MachineSpec.MiB), CancellationToken.None))).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        Node.Pools.Get(Web).Vms.Count.ShouldBe(1);
    }

    private Task<TemplateView> BuildAsync(string name, long memoryMiB)
    {
        var request = Node.Request(name: name);
        return Node.Templates.CreateAsync(
            request with { Spec = request.Spec with { Machine = new MachineSpec { MemoryBytes = memoryMiB * MachineSpec.MiB } } }, null, CancellationToken.None);
    }

    private static IEnumerable<int> PidsOf(PoolView pool) => pool.Vms.Select(vm => vm.Pid).Order();
}

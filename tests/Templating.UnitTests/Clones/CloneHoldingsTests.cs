using System.Globalization;
using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

/// <summary>What a clone holds of the node: what each failure gives back, and what adoption takes over.</summary>
public sealed class CloneHoldingsTests : IAsyncLifetime
{
    /// <summary>Room for three clones of 32 MiB, each with 64 MiB of QEMU's own.</summary>
    private const long BudgetMiB = 3 * 96;

    private readonly VmUserPool _users = new(2_000_000_000, 4);
    private readonly FakeNode _node;

    public CloneHoldingsTests() => _node = new FakeNode(BudgetMiB, users: _users);

    private RevisionName Template => _node.Templates.Get(new TemplateName("a", "t"), null).Name;

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    [InlineData("resume")]
    [InlineData("identify")]
    public async Task AFailureAtAnyStepGivesEverythingBack(string step)
    {
        _node.Vmm.FailAt(step, ErrorCode.QemuExited, "Gone.");

        await Should.ThrowAsync<TemplatingException>(() => CreateAsync());

        await HeldByAsync(0);
    }

    [Fact]
    public async Task ACloneWhoseIdIsTakenGivesEverythingBack()
    {
        await CreateAsync("one");

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync("one"))).Code.ShouldBe(ErrorCode.CloneAlreadyExists);

        await HeldByAsync(1);
    }

    [Fact]
    public async Task ACloneThatIsNotAdmittedGivesEverythingBack()
    {
        _node.Vmm.Info = _node.Vmm.Info with { Version = "99.0" };
        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync())).Code.ShouldBe(ErrorCode.TemplateStale);
        await HeldByAsync(0);

        _node.Vmm.Info = _node.Vmm.Info with { Version = FakeVmm.Version };
        await Task.WhenAll(CreateAsync(), CreateAsync(), CreateAsync());
        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync())).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);
        await HeldByAsync(3);
    }

    [Fact]
    public async Task ACloneForWhomNoUserIdIsLeftGivesEverythingBack()
    {
        var others = Enumerable.Range(0, 4).Select(_ => _users.Rent()).ToList();

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync())).Code.ShouldBe(ErrorCode.NodeCapacityExhausted);

        others.ForEach(user => user.Dispose());
        await HeldByAsync(0);
    }

    [Theory]
    [InlineData("boot")]
    [InlineData("freeze")]
    public async Task ABuildThatFailsGivesEverythingBack(string step)
    {
        _node.Vmm.FailAt(step, ErrorCode.QemuExited, "Gone.");

        await Should.ThrowAsync<TemplatingException>(() => _node.BuildAsync(name: "other"));

        await HeldByAsync(0);
        _node.RunFolders.ShouldBeEmpty();
    }

    [Fact]
    public async Task ABuiltTemplateHoldsNothingOfTheNode() => await HeldByAsync(0);

    [Fact]
    public async Task AnAdoptedCloneHoldsWhatItHeldBefore()
    {
        var clone = await CreateAsync();
        var before = _node.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid);
        await _node.Clones.DisposeAsync();
        var users = new VmUserPool(2_000_000_000, 4);

        await using var next = await _node.RestartAsync(users);

        users.Taken.ShouldBe(1);
        Enumerable.Range(0, 3).Select(_ => users.Rent().User.Uid).ShouldNotContain(2_000_000_001u);
        Should.Throw<TemplatingException>(() => users.Rent());
        (next.Capacity.View.ChargedBytes, next.Capacity.View.Clones).ShouldBe((clone.ChargedBytes, 1));
        next.Leases.Count(clone.Template).ShouldBe(1);
        var adopted = next.Clones.Get(clone.Name);
        adopted.ShouldBe(clone with { Network = adopted.Network, Labels = adopted.Labels, Phases = adopted.Phases });
        adopted.Network.Forwards.ShouldBe(clone.Network.Forwards);

        await next.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None);

        before.Killed.ShouldBeTrue();
        users.Taken.ShouldBe(3);
        next.Capacity.View.ChargedBytes.ShouldBe(0);
        next.Leases.Count(clone.Template).ShouldBe(0);
    }

    [Theory]
    [InlineData(VmRunState.Running, VmState.Running)]
    [InlineData(VmRunState.Paused, VmState.Paused)]
    public async Task AnAdoptedCloneIsInTheStateItsVmIsIn(VmRunState found, VmState expected)
    {
        var clone = await CreateAsync();
        _node.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid).State = found;

        await using var next = await _node.RestartAsync();

        next.Clones.Get(clone.Name).State.ShouldBe(expected);
        next.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid).Expected.ShouldBe(GuestAgentKind.Templating);
    }

    [Fact]
    public async Task AnAdoptedCloneThatEndsGivesEverythingBack()
    {
        var clone = await CreateAsync();
        await using var next = await _node.RestartAsync(new VmUserPool(2_000_000_000, 4));

        next.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid).End("gone", guestRequested: false);

        await Eventually.UntilAsync(() => next.Clones.Get(clone.Name).State == VmState.Failed, "its end is told");
        next.Users!.Taken.ShouldBe(0);
        next.Capacity.View.Clones.ShouldBe(0);
        next.Leases.Count(clone.Template).ShouldBe(0);
        next.Clones.Get(clone.Name).ChargedBytes.ShouldBe(0);
    }

    private Task<CloneView> CreateAsync(string? id = null) => _node.Clones.CreateAsync(
        new CreateClone { Template = new TemplateName("a", "t"), Id = id }, CancellationToken.None);

    private Task HeldByAsync(int clones) => Eventually.UntilAsync(
        () => string.Create(
            CultureInfo.InvariantCulture,
            $"{_node.Capacity.View.Clones} {_node.Capacity.View.ChargedBytes >> 20} {_users.Taken} {_node.Leases.Count(Template)}")
            == string.Create(CultureInfo.InvariantCulture, $"{clones} {clones * 96} {clones} {clones}"),
        $"{clones} clones' holdings are held");
}

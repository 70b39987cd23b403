using Microsoft.Extensions.Time.Testing;
using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

/// <summary>What one tenant's clones can take from another's.</summary>
public sealed class CloneShareTests : IAsyncLifetime
{
    private const int Starts = 4;

    private readonly FakeLimits _limits = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly FakeNode _node;
    private int _silent;

    public CloneShareTests() => _node = new FakeNode(budgetMiB: 100_000, maxStarts: Starts, time: _time, limits: _limits);

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync("a");
        await _node.BuildAsync("b");
        _node.Vmm.OnStep = async (step, vm, token) =>
        {
            // Whose it is stands in its host name only later: the silent ones are the first.
            if (step == "identify" && Interlocked.Decrement(ref _silent) >= 0)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
        };
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task FourSilentGuestsOfATenantDoNotHoldUpAStartOfAnother()
    {
        var silent = await SilentAsync(Starts);

        (await CreateAsync("b").Soonest()).ReadyAt.ShouldNotBeNull();

        await EndAsync(silent);
    }

    [Fact]
    public async Task SilentGuestsHoldUpTheirOwnTenantForTwoSeconds()
    {
        var silent = await SilentAsync(Starts);
        var next = CreateAsync("a");
        await Eventually.UntilAsync(() => _node.Clones.List("a").Count == Starts + 1, "it waits");

        _time.Advance(TimeSpan.FromSeconds(1.9));
        next.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        (await next.Soonest()).ReadyAt.ShouldNotBeNull();
        await EndAsync(silent);
    }

    [Fact]
    public async Task ATenantStartsNoMoreThanTwiceAllHoweverSilentItsGuestsAre()
    {
        var silent = await SilentAsync(Starts);
        _time.Advance(TimeSpan.FromSeconds(2));
        silent = [.. silent, .. await SilentAsync(Starts)];
        _time.Advance(TimeSpan.FromSeconds(2));
        var next = CreateAsync("a");

        (await CreateAsync("b").Soonest()).ReadyAt.ShouldNotBeNull();
        next.IsCompleted.ShouldBeFalse();

        await _node.Clones.DeleteAsync(silent[0], TimeSpan.Zero, CancellationToken.None).Soonest();
        (await next.Soonest()).ReadyAt.ShouldNotBeNull("the turn of one that was deleted is given back");
        await EndAsync(silent[1..]);
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    [InlineData("resume")]
    [InlineData("identify")]
    public async Task AStartThatFailsGivesBackWhatItsTenantHad(string at)
    {
        _limits.Named["a"] = new TenantLimits { Vms = 1 };
        _node.Vmm.FailAt(at, ErrorCode.QemuExited, "QEMU ended.");
        for (var i = 0; i < 2 * Starts + 1; i++)
        {
            (await Should.ThrowAsync<TemplatingException>(CreateAsync("a").Soonest())).Code.ShouldBe(ErrorCode.QemuExited);
        }

        _node.Capacity.Of("a").ShouldBe((0, 0));
        _node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;
        (await CreateAsync("a").Soonest()).ReadyAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task ATenantsLimitIsItsOwnAndCountsWhatADaemonBeforeStarted()
    {
        _limits.Named["a"] = new TenantLimits { Vms = 1 };
        var first = await CreateAsync("a");
        (await Should.ThrowAsync<TemplatingException>(CreateAsync("a"))).Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        await CreateAsync("b");

        await using var next = await _node.RestartAsync();

        next.Capacity.Of("a").ShouldBe((1, first.ChargedBytes));
        var refusal = await Should.ThrowAsync<TemplatingException>(CreateAsync("a", next));
        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Message.ShouldContain("2 VMs of tenant 'a'");
        next.Leases.Count(first.Template).ShouldBe(1, "the refused one keeps nothing");
        await next.Clones.DeleteAsync(first.Name, TimeSpan.Zero, CancellationToken.None);
        (await CreateAsync("a", next)).ReadyAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task ALimitThatChangesCountsForWhatComesAndTakesNothingAway()
    {
        await CreateAsync("a");
        await CreateAsync("a");

        _limits.Named["a"] = new TenantLimits { Vms = 1 };

        _node.Clones.List("a").Count.ShouldBe(2);
        (await Should.ThrowAsync<TemplatingException>(CreateAsync("a"))).Message.ShouldContain("3 VMs");
        _limits.Named["a"] = new TenantLimits { Vms = 3 };
        await CreateAsync("a");
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 443)]
    public async Task ANetworkThatTheTenantMayNotHaveIsRefusedBeforeAnythingIsHeld(bool outbound, int port)
    {
        _limits.Named["a"] = new TenantLimits { Outbound = false };
        var request = new CreateClone { Template = new TemplateName("a", "t"), Network = new NetworkSpec(outbound, [new PortForward(80, port)]) };

        var refusal = await Should.ThrowAsync<TemplatingException>(() => _node.Clones.CreateAsync(request, CancellationToken.None));

        refusal.Code.ShouldBe(ErrorCode.NetworkNotAllowed);
        _node.Clones.List("a").ShouldBeEmpty();
        _node.Capacity.Of("a").ShouldBe((0, 0));
        _node.Leases.Count(_node.Templates.Get(new TemplateName("a", "t"), null).Name).ShouldBe(0);
    }

    [Fact]
    public async Task TheForwardsOfATemplateAreJudgedToo()
    {
        var request = _node.Request();
        _time.Advance(TimeSpan.FromSeconds(1));
        await _node.Templates.CreateAsync(
            request with { Spec = request.Spec with { Network = new NetworkSpec(false, [new PortForward(80, 80)]) } }, null, CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(CreateAsync("a"))).Code.ShouldBe(ErrorCode.NetworkNotAllowed);
    }

    [Fact]
    public async Task ProgramsAtOnceHaveALimitPerTenantAndOneThatEndsGivesItBack()
    {
        _limits.Named["a"] = new TenantLimits { Execs = 1 };
        var (mine, theirs) = (await CreateAsync("a"), await CreateAsync("b"));
        var end = new TaskCompletionSource();
        _node.Vmm.OnStep = (step, vm, _) => step == "exec" && vm!.Identity!.Id == mine.Id ? end.Task : Task.CompletedTask;
        var first = RunAsync(mine.Name);

        var refusal = await Should.ThrowAsync<TemplatingException>(RunAsync(mine.Name).Soonest());
        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Details["limit"].ShouldBe("execs");
        (await RunAsync(theirs.Name).Soonest()).ShouldBe(1);
        end.SetResult();
        (await first.Soonest()).ShouldBe(1);
        (await RunAsync(mine.Name).Soonest()).ShouldBe(1);
    }

    private async Task<int> RunAsync(CloneName name) =>
        await _node.Clones.ExecAsync(name, new GuestCommand { Arguments = ["true"] }, null, CancellationToken.None).CountAsync();

    private Task<CloneView> CreateAsync(string tenant, FakeNode? node = null) =>
        (node ?? _node).Clones.CreateAsync(new CreateClone { Template = new TemplateName(tenant, "t") }, CancellationToken.None);

    /// <summary>Starts clones of tenant a whose guests never answer.</summary>
    private async Task<CloneName[]> SilentAsync(int count)
    {
        var before = _node.Clones.List("a").Select(c => c.Name).ToHashSet();
        Volatile.Write(ref _silent, count);
        for (var i = 0; i < count; i++)
        {
            _ = CreateAsync("a").ContinueWith(t => t.Exception, TaskScheduler.Default);
        }

        await Eventually.UntilAsync(() => Volatile.Read(ref _silent) == 0, "all are silent");
        return [.. _node.Clones.List("a").Select(c => c.Name).Where(n => !before.Contains(n))];
    }

    private async Task EndAsync(CloneName[] names) =>
        await Task.WhenAll(names.Select(n => _node.Clones.DeleteAsync(n, TimeSpan.Zero, CancellationToken.None))).Soonest();
}

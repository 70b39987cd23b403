using Microsoft.Extensions.Time.Testing;
using Templating.Core.Building;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Templates;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Templates;

/// <summary>What one tenant's builds can take from another's, and request ids of what is gone.</summary>
public sealed class BuildShareTests : IAsyncLifetime
{
    private const int Builds = 2;

    private readonly FakeLimits _limits = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly FakeNode _node;
    private readonly CancellationTokenSource _end = new();

    public BuildShareTests() => _node = new FakeNode(time: _time, limits: _limits);

    public Task InitializeAsync() => _node.StartAsync();

    public async Task DisposeAsync()
    {
        await _end.CancelAsync();
        await _node.DisposeAsync();
        _end.Dispose();
    }

    [Theory]
    [InlineData("ready")]
    [InlineData("exec")]
    public async Task TwoHangingBuildsOfATenantDoNotHoldUpTheBuildOfAnother(string at)
    {
        var hanging = await HangAsync(at, Builds);

        (await _node.BuildAsync("b").Soonest()).State.ShouldBe(TemplateState.Ready);

        await EndAsync(hanging);
    }

    [Fact]
    public async Task HangingBuildsOfManyTenantsHoldUpNobodyForLong()
    {
        var hanging = await HangAsync("ready", 1, "a", "c", "d", "e");
        var next = _node.BuildAsync("b");
        await Eventually.UntilAsync(() => _node.Templates.List("b").Count == 1, "it waits");

        _time.Advance(TimeSpan.FromSeconds(29.9));
        next.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        (await next.Soonest()).State.ShouldBe(TemplateState.Ready);
        await EndAsync(hanging);
    }

    [Fact]
    public async Task ATenantsOwnBuildsWaitForThoseThatHang()
    {
        var hanging = await HangAsync("ready", Builds);
        _time.Advance(TimeSpan.FromHours(1));
        var next = _node.BuildAsync("a", "next");
        (await _node.BuildAsync("b").Soonest()).State.ShouldBe(TemplateState.Ready);

        next.IsCompleted.ShouldBeFalse();
        await EndAsync(hanging);

        (await next.Soonest()).State.ShouldBe(TemplateState.Ready);
    }

    [Fact]
    public async Task ATenantHasItsOwnNumberOfBuilds()
    {
        _limits.Named["a"] = new TenantLimits { Builds = 1 };
        var hanging = await HangAsync("ready", 1);
        var second = _node.BuildAsync("a", "second");
        await Eventually.UntilAsync(() => _node.Templates.List("a").Count == 2, "it waits");

        second.IsCompleted.ShouldBeFalse();
        _node.Capacity.Of("a").Vms.ShouldBe(1);
        await EndAsync(hanging);
        await second.Soonest();
    }

    [Fact]
    public async Task ABuildCountsForItsTenantsLimitsAndGivesThemBack()
    {
        _limits.Named["a"] = new TenantLimits { Vms = 0 };
        (await Should.ThrowAsync<TemplatingException>(() => _node.BuildAsync("a"))).Code.ShouldBe(ErrorCode.TenantLimitTooSmall);
        _limits.Named["a"] = new TenantLimits { Vms = 1 };
        await _node.BuildAsync("a");
        await _node.BuildAsync("a");
        _node.Capacity.Of("a").ShouldBe((0, 0));
    }

    [Fact]
    public async Task ATenantWhoseGuestsMayNotGoOutBuildsNoTemplateThatDoes()
    {
        _limits.Named["a"] = new TenantLimits { Outbound = false };
        var request = _node.Request();
        request = request with { Spec = request.Spec with { Network = new NetworkSpec(Outbound: true, []) } };

        var refusal = await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(request, null, CancellationToken.None));

        refusal.Code.ShouldBe(ErrorCode.NetworkNotAllowed);
        _node.Templates.List("a").ShouldBeEmpty();
        _node.Vmm.Vms.ShouldBeEmpty();
    }

    [Fact]
    public async Task ATenantsTemplatesHaveTheirRoomOnDiskToTheByte()
    {
        const long Ram = 32 * MachineSpec.MiB;
        var first = await _node.BuildAsync("a", "first");
        _limits.Named["a"] = new TenantLimits { StoreBytes = first.AllocatedBytes + Ram - 1 };

        var refusal = await Should.ThrowAsync<TemplatingException>(() => _node.BuildAsync("a", "second"));
        refusal.Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        refusal.Details["limit"].ShouldBe("storeBytes");
        await _node.BuildAsync("b");

        _limits.Named["a"] = new TenantLimits { StoreBytes = first.AllocatedBytes + Ram };
        await _node.BuildAsync("a", "second");
        (await Should.ThrowAsync<TemplatingException>(() => _node.BuildAsync("a", "third"))).Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        await _node.Templates.DeleteAsync(new TemplateName("a", "second"), null, force: false, CancellationToken.None);
        await _node.BuildAsync("a", "third");
    }

    [Fact]
    public async Task ImagesCountForTheRoomOnDiskOncePerTenant()
    {
        const long Image = 2 * MachineSpec.MiB;
        var request = WithImage("first");
        _limits.Named["a"] = new TenantLimits { StoreBytes = 32 * MachineSpec.MiB + Image - 1 };
        (await Should.ThrowAsync<TemplatingException>(() => _node.Templates.CreateAsync(request, null, CancellationToken.None))).Details["limit"].ShouldBe("storeBytes");
        _node.RunFolders.ShouldBeEmpty();

        _limits.Named["a"] = new TenantLimits { StoreBytes = 32 * MachineSpec.MiB + Image };
        var first = await _node.Templates.CreateAsync(request, null, CancellationToken.None);
        _limits.Named["a"] = new TenantLimits { StoreBytes = first.AllocatedBytes + 32 * MachineSpec.MiB + Image };
        await _node.Templates.CreateAsync(WithImage("second"), null, CancellationToken.None);
    }

    [Fact]
    public async Task ARequestIdOfADeletedTemplateBuildsAnew()
    {
        var request = _node.Request() with { RequestId = Guid.NewGuid() };
        var first = await _node.Templates.CreateAsync(request, null, CancellationToken.None);
        await _node.Templates.DeleteAsync(request.Name, null, force: false, CancellationToken.None);

        var second = await _node.Templates.CreateAsync(request, null, CancellationToken.None);

        _node.Templates.Get(request.Name, null).Name.ShouldBe(second.Name);
        (await _node.Templates.CreateAsync(request, null, CancellationToken.None)).Name.ShouldBe(second.Name);
        _node.Vmm.Vms.Count.ShouldBe(2);
        first.Name.Template.ShouldBe(second.Name.Template);
    }

    [Fact]
    public async Task ARequestIdOfARevisionThatWasRetiredBuildsAnew()
    {
        var request = _node.Request() with { RequestId = Guid.NewGuid(), RevisionHistoryLimit = 0 };
        var first = await _node.Templates.CreateAsync(request, null, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _node.Templates.CreateAsync(request with { RequestId = null }, null, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        _node.Templates.List("a").ShouldNotContain(t => t.Name == first.Name);

        var again = await _node.Templates.CreateAsync(request, null, CancellationToken.None);

        _node.Templates.List("a").ShouldHaveSingleItem().Name.ShouldBe(again.Name);
    }

    private CreateTemplate WithImage(string name)
    {
        var path = Path.Combine(Path.GetDirectoryName(_node.Kernel)!, "image");
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(2 * MachineSpec.MiB);
        }

        var request = _node.Request(name: name);
        return request with { Spec = request.Spec with { Guest = request.Spec.Guest with { ImagePaths = [path] } } };
    }

    /// <summary>Builds that hang at a step, so many for each tenant.</summary>
    private async Task<Task[]> HangAsync(string at, int count, params string[] tenants)
    {
        var hanging = 0;
        _node.Vmm.OnStep = async (step, _, token) =>
        {
            if (step == at)
            {
                Interlocked.Increment(ref hanging);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
        };
        var builds = (tenants.Length == 0 ? ["a"] : tenants).SelectMany(tenant => Enumerable.Range(0, count).Select(i =>
        {
            var request = _node.Request(tenant, $"hung{i}");
            request = request with { Spec = request.Spec with { Readiness = new ReadinessSpec { WarmUp = [["true"]], Timeout = TimeSpan.FromHours(1) } } };
            return (Task)_node.Templates.CreateAsync(request, null, _end.Token);
        })).ToArray();
        await Eventually.UntilAsync(() => Volatile.Read(ref hanging) == builds.Length, "all hang");
        _node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;
        return builds;
    }

    private async Task EndAsync(Task[] hanging)
    {
        await _end.CancelAsync();
        foreach (var build in hanging)
        {
            await Should.ThrowAsync<OperationCanceledException>(build.Soonest());
        }
    }
}

using Grpc.Core;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class PoolServiceTests : IAsyncLifetime
{
    private const uint Stranger = 65_533;

    private TestDaemon _daemon = null!;
    private PoolService.PoolServiceClient _pools = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync();
        _pools = new PoolService.PoolServiceClient(_daemon.Connect());
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task APoolIsSetChangedFoundListedAndDeleted()
    {
        var pool = await SetAsync("tenants/a/pools/web", new PoolSizes { Restored = 1, Prepared = 2, MaxRestored = 5, Spare = 1 });

        pool.Status.Problem.ShouldBe(PoolProblem.Unspecified);
        (await SetAsync(pool.Name, new PoolSizes { Restored = 3 })).Sizes.ShouldBe(new PoolSizes { Restored = 3 });
        var found = await _pools.GetPoolAsync(new GetPoolRequest { Name = pool.Name });
        found.Sizes.ShouldBe(new PoolSizes { Restored = 3 });
        found.Template.ShouldBe("tenants/a/templates/t");
        await SetAsync("tenants/a/pools/more", new PoolSizes());
        var first = await _pools.ListPoolsAsync(new ListPoolsRequest { Parent = "tenants/a", PageSize = 1 });
        var second = await _pools.ListPoolsAsync(new ListPoolsRequest { Parent = "tenants/a", PageSize = 1, PageToken = first.NextPageToken });
        first.Pools.Concat(second.Pools).Select(p => p.Name).ShouldBe(["tenants/a/pools/more", "tenants/a/pools/web"]);
        second.NextPageToken.ShouldBeEmpty();

        await _pools.DeletePoolAsync(new DeletePoolRequest { Name = pool.Name });

        var gone = await Errors.FailureOf(async () => await _pools.GetPoolAsync(new GetPoolRequest { Name = pool.Name }));
        (gone.StatusCode, gone.Info().Reason).ShouldBe((StatusCode.NotFound, "POOL_NOT_FOUND"));
    }

    [Fact]
    public async Task AllFaultsOfARequestComeTogether()
    {
        (await FaultsOfAsync(new Pool { Name = "tenants/a/pools/web" })).ShouldBe(["pool.template", "pool.sizes"]);
        (await FaultsOfAsync(new Pool
        {
            Name = "tenants/a/pools/web",
            Template = "tenants/b/templates/t",
            Sizes = new PoolSizes { Restored = 5, Prepared = -1, MaxRestored = 2, Spare = 1001 },
        })).ShouldBe(["pool.sizes.prepared", "pool.sizes.spare", "pool.sizes.max_restored", "pool.template"], ignoreOrder: true);
        (await FaultsOfAsync(new Pool { Name = "tenants/a/pools/web", Template = "tenants/a/templates/t", Sizes = new PoolSizes { Spare = 1 } }))
            .ShouldBe(["pool.sizes.spare"]);
        (await FaultsOfAsync(new Pool { Name = "tenants/a/clones/web" })).ShouldBe(["pool.name"]);
        (await Errors.FailureOf(async () => await _pools.SetPoolAsync(new SetPoolRequest()))).Fields().ShouldBe(["pool.name"]);
    }

    [RootFact]
    public async Task WhoMayNotActForATenantLearnsNothingOfItsPools()
    {
        await using var daemon = await TestDaemon.StartAsync((options, root) =>
        {
            options.SocketMode = "0666";
            options.PolicyPath = Path.Combine(root, "policy.json");
            File.WriteAllText(options.PolicyPath, $$"""{ "version": 1, "rules": [ { "uid": {{Stranger}}, "tenants": ["b"] } ] }""");
        });
        await new PoolService.PoolServiceClient(daemon.Connect()).SetPoolAsync(
            new SetPoolRequest { Pool = new Pool { Name = "tenants/a/pools/web", Template = "tenants/a/templates/t", Sizes = new PoolSizes() } });
        var stranger = new PoolService.PoolServiceClient(
            daemon.Connect(() => TestSockets.ConnectAs(Stranger, Stranger, daemon.Options.EffectiveSocketPath)));

        foreach (var failure in new[]
        {
            await Errors.FailureOf(async () => await stranger.GetPoolAsync(new GetPoolRequest { Name = "tenants/a/pools/web" })),
            await Errors.FailureOf(async () => await stranger.GetPoolAsync(new GetPoolRequest { Name = "tenants/a/pools/none" })),
            await Errors.FailureOf(async () => await stranger.DeletePoolAsync(new DeletePoolRequest { Name = "tenants/a/pools/web" })),
            await Errors.FailureOf(async () => await stranger.ListPoolsAsync(new ListPoolsRequest { Parent = "tenants/a" })),
            await Errors.FailureOf(async () => await stranger.SetPoolAsync(new SetPoolRequest { Pool = new Pool { Name = "tenants/a/pools/web" } })),
            await Errors.FailureOf(async () => await stranger.SetPoolAsync(
                new SetPoolRequest { Pool = new Pool { Name = "tenants/b/pools/web", Template = "tenants/a/templates/t", Sizes = new PoolSizes() } })),
        })
        {
            failure.StatusCode.ShouldBe(StatusCode.PermissionDenied);
        }

        (await stranger.ListPoolsAsync(new ListPoolsRequest { Parent = "tenants/-" })).Pools.ShouldBeEmpty();
    }

    private async Task<Pool> SetAsync(string name, PoolSizes sizes) =>
        await _pools.SetPoolAsync(new SetPoolRequest { Pool = new Pool { Name = name, Template = "tenants/a/templates/t", Sizes = sizes } });

    private async Task<IReadOnlyList<string>> FaultsOfAsync(Pool pool) =>
        [.. (await Errors.FailureOf(async () => await _pools.SetPoolAsync(new SetPoolRequest { Pool = pool }))).Fields()];
}

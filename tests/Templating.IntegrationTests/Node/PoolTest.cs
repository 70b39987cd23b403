using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A test of pools on a daemon of its own, whatever else the machine does.</summary>
public abstract class PoolTest : NodeTest
{
    protected const string Pool = $"tenants/{PreparedStore.Tenant}/pools/web";

    protected const string Restored = "take resume identity";

    private static readonly (string Name, string Value)[] Calm = [("POOL_CPU_PRESSURE", "100"), ("POOL_MEMORY_PRESSURE", "100")];

    protected static Task<TestNode> StartAsync(params (string Name, string Value)[] settings) => TestNode.StartAsync([.. Calm, .. settings]);

    protected async Task<Pool> SetAsync(TestNode node, int restored = 0, int prepared = 0, string template = PreparedStore.Template) =>
        await node.Client.Pools.SetPoolAsync(
            new SetPoolRequest { Pool = new Pool { Name = Pool, Template = template, Sizes = new PoolSizes { Restored = restored, Prepared = prepared } } },
            cancellationToken: Limit);

    protected async Task<Pool> GetAsync(TestNode node) => await node.Client.Pools.GetPoolAsync(new GetPoolRequest { Name = Pool }, cancellationToken: Limit);

    protected Task<Pool> WaitAsync(TestNode node, int restored = 0, int prepared = 0) => SeeAsync(
        node, pool => pool.Status.Restored == restored && pool.Status.Prepared == prepared && pool.Status.Starting == 0, $"{restored} wait restored and {prepared} prepared");

    protected Task<Pool> SeeAsync(TestNode node, Func<Pool, bool> isSo, string what) => Eventually.SeeAsync<Pool>(
        async () => await GetAsync(node), isSo, what, explain: pool => Task.FromResult($"{pool}\n{node.Daemon.ReadLog()}"), cancellationToken: Limit);

    protected static string Phases(VmClone clone) => string.Join(' ', clone.Phases.Select(phase => phase.Name));

    protected static async Task<int[]> KilledAsync(TestNode node, CancellationToken cancellationToken)
    {
        await node.Daemon.KillAsync(cancellationToken);
        return [.. VmProcesses.Of(node.Folder.Run)];
    }
}

using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Pools;

/// <summary>A test of pools on Core as the daemon puts it together; each VM is charged 32 MiB and 64 MiB of QEMU's own.</summary>
public abstract class PoolTest : IAsyncLifetime
{
    protected const long VmMiB = 96;

    protected static readonly PoolName Web = new("a", "web");

    private CancellationTokenSource _running = new();
    private Task _run = Task.CompletedTask;

    protected PoolTest(long vms = 40, VmUserPool? users = null, Func<PoolOptions, PoolOptions>? options = null) =>
        Node = new FakeNode(vms * VmMiB, users: users, pools: options);

    protected FakeNode Node { get; private set; }

    public virtual async Task InitializeAsync()
    {
        await Node.StartAsync();
        await Node.BuildAsync();
        Run();
    }

    public virtual async Task DisposeAsync()
    {
        await StopAsync();
        _running.Dispose();
        await Node.DisposeAsync();
    }

    /// <summary>Ends this daemon as a kill would, but for what it can no longer write, and begins the next.</summary>
    protected async Task RestartAsync(bool run = true)
    {
        await StopAsync();
        Node = await Node.RestartAsync();
        if (run)
        {
            Run();
        }
    }

    protected PoolView Set(int restored = 0, int prepared = 0, int max = 0, string? revision = null, PoolName? name = null) => Node.Pools.Set(
        name ?? Web, new PoolSpec { Template = "t", Revision = revision, Sizes = new PoolSizes { Restored = restored, Prepared = prepared, MaxRestored = max } });

    protected async Task<PoolView> WaitAsync(int restored = 0, int prepared = 0, PoolName? name = null) => await SeeAsync(
        pool => Count(pool, WaitingKind.Restored) == restored && Count(pool, WaitingKind.Prepared) == prepared && pool.Starting == 0,
        $"{restored} wait restored and {prepared} prepared", name);

    protected Task<PoolView> SeeAsync(Func<PoolView, bool> isSo, string what, PoolName? name = null) => Eventually.SeeAsync<PoolView>(
        () => Task.FromResult<PoolView?>(Node.Pools.Get(name ?? Web)), isSo, what, TimeSpan.FromSeconds(20), explain: pool => Task.FromResult($"{pool} {pool?.Vms.Count}"));

    protected static int Count(PoolView pool, WaitingKind kind) => pool.Vms.Count(vm => vm.Kind == kind);

    protected Task<CloneView> CreateAsync(string? id = null, Func<CreateClone, CreateClone>? change = null, string tenant = "a")
    {
        var request = new CreateClone { Template = new TemplateName(tenant, "t"), Id = id };
        return Node.Clones.CreateAsync(change?.Invoke(request) ?? request, CancellationToken.None);
    }

    protected static string Phases(CloneView clone) => string.Join(' ', clone.Phases.Select(phase => phase.Name));

    /// <summary>Processes that live.</summary>
    protected int Living => Node.Vmm.Vms.Count(vm => !vm.Exited.IsCompleted);

    protected async Task StopAsync()
    {
        await _running.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Run()
    {
        _running.Dispose();
        _running = new CancellationTokenSource();
        _run = Node.Pools.RunAsync(_running.Token);
    }
}

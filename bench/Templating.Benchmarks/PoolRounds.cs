using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>
/// Clones that take a VM which waited in a pool of their template. The pool is empty outside of a step, or cold clones would take from it. Samples
/// are in milliseconds.
/// </summary>
internal sealed class PoolRounds(Daemon daemon, GuestTemplate template, Samples samples)
{
    private static readonly TimeSpan FillLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly Clones _clones = new(daemon, template);

    private static string Name => $"tenants/{GuestTemplate.Tenant}/pools/bench";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await RunningAsync("restored", new PoolSizes { Restored = 1 }, cancellationToken);
        await RunningAsync("prepared", new PoolSizes { Prepared = 1 }, cancellationToken);
        await HttpAsync(cancellationToken);
    }

    /// <summary>Makes so many wait; returns when all do.</summary>
    public async Task FillAsync(PoolSizes sizes, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var pool = await daemon.Client.Pools.SetPoolAsync(
            new SetPoolRequest { Pool = new Pool { Name = Name, Template = template.NewClone().Template, Sizes = sizes } }, cancellationToken: cancellationToken);
        while (pool.Status.Restored != sizes.Restored || pool.Status.Prepared != sizes.Prepared || pool.Status.Starting != 0)
        {
            if (Stopwatch.GetElapsedTime(start) > FillLimit)
            {
                // A host that others keep busy is one: its pools are not filled.
                throw new BenchmarkException($"The pool has {pool.Status.Restored} restored and {pool.Status.Prepared} prepared VMs after {FillLimit}, not {sizes}: {pool.Status.ProblemText}");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            pool = await daemon.Client.Pools.GetPoolAsync(new GetPoolRequest { Name = Name }, cancellationToken: cancellationToken);
        }
    }

    public Task EmptyAsync(CancellationToken cancellationToken) => FillAsync(new PoolSizes(), cancellationToken);

    private async Task RunningAsync(string kind, PoolSizes sizes, CancellationToken cancellationToken)
    {
        await FillAsync(sizes, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Running, cancellationToken);
        samples.Add($"pool.{kind}.running", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        samples.AddPhases($"pool.{kind}.running.phase.", Clones.Phases(TookOne(clone)));
        await EndAsync(clone, cancellationToken);
    }

    private async Task HttpAsync(CancellationToken cancellationToken)
    {
        await FillAsync(new PoolSizes { Restored = 1 }, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Ready, cancellationToken);
        await WebPage.WaitAsync(clone.Network.Forwards[0].HostPort, clone.Id, cancellationToken);
        samples.Add("pool.restored.http", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        await EndAsync(TookOne(clone), cancellationToken);
    }

    private async Task EndAsync(VmClone clone, CancellationToken cancellationToken)
    {
        await EmptyAsync(cancellationToken);
        await daemon.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
    }

    private static VmClone TookOne(VmClone clone) => clone.Phases.Any(p => p.Name == "take") && clone.Phases.All(p => p.Name != "qemu_start")
        ? clone
        : throw new BenchmarkException($"A clone of a template with a pool started cold: {string.Join(", ", clone.Phases.Select(p => p.Name))}.");
}

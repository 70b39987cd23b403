using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>What a clone needs of a VM that waits for it.</summary>
/// <param name="Revision">Of which it is to be.</param>
/// <param name="Network">Its ports are opened when it is taken; whether it reaches outwards is fixed before.</param>
/// <param name="Cgroups">Into which QEMU is put when it starts.</param>
internal sealed record PoolWish(RevisionName Revision, NetworkSpec Network, IReadOnlyList<string> Cgroups)
{
    /// <summary>Whether any VM that waits can become it. What cannot, starts cold.</summary>
    public bool IsServable(NetworkSpec ofTemplate) =>
        Cgroups.Count == 0 && Network.Outbound == ofTemplate.Outbound && !(Network.Outbound && Network.Forwards.Count > 0);
}

/// <summary>Gives VMs that wait to clones: each to one.</summary>
internal sealed class PoolTaker(PoolTable table, PoolVms vms, VmParts parts, PoolOptions options, Action wake, ILogger logger)
{
    /// <summary>How long a clone may look for one before it starts cold.</summary>
    public TimeSpan Patience => options.TakeLimit;

    /// <summary>Whether there is one to look at.</summary>
    public bool HasOne(PoolWish wish)
    {
        lock (table.Lock)
        {
            return Best(wish) is not null;
        }
    }

    /// <summary>
    /// Finds one that answers, a restored one before a prepared one. One that does not is ended; who looks longer than a moment goes without.
    /// </summary>
    /// <param name="wish">What it is to be.</param>
    /// <param name="adopt">Makes it the clone's; false where it cannot be had any more.</param>
    /// <param name="cancellationToken">Of who waits for it. It goes back then.</param>
    /// <returns>Null where there is none: the clone starts cold.</returns>
    public async Task<WaitingVm?> TakeAsync(PoolWish wish, Func<WaitingVm, bool> adopt, CancellationToken cancellationToken)
    {
        var since = parts.Time.Steady();
        while (parts.Time.Steady() - since < options.TakeLimit && Look(wish) is { } vm)
        {
            bool answers;
            try
            {
                answers = await vms.AnswersAsync(vm, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                PutBack(vm);
                throw;
            }

            if (Give(vm, answers, adopt))
            {
                wake();
                return vm;
            }
        }

        return null;
    }

    /// <summary>Counts a clone that was served, or that could have been.</summary>
    /// <param name="taken">Null where it starts cold.</param>
    public void Count(PoolWish wish, WaitingVm? taken)
    {
        lock (table.Lock)
        {
            var pools = table.All.Where(pool => taken is null ? pool.Serves(wish.Revision) : pool.Name == taken.Pool).ToList();
            foreach (var pool in pools)
            {
                pool.Demand.Add();
                pool.HitsRestored += taken is { Kind: WaitingKind.Restored } ? 1 : 0;
                pool.HitsPrepared += taken is { Kind: WaitingKind.Prepared } ? 1 : 0;
                pool.Misses += taken is null ? 1 : 0;
                table.Tell(pool);
            }

            if (taken is not null || pools.Count > 0)
            {
                parts.Metrics.PoolTake(taken is null ? TemplatingMetrics.PoolMiss : TemplatingMetrics.PoolKinds[(int)taken.Kind]);
            }
        }

        wake();
    }

    /// <summary>Notes that one which a clone took ended or fell silent before its CPUs ran.</summary>
    public void Lose(WaitingVm taken, string why)
    {
        lock (table.Lock)
        {
            parts.Metrics.PoolLost();
            if (table.Find(taken.Pool) is { } pool)
            {
                vms.Lose(pool, $"A VM that a clone took did not go on: {why}");
                table.Tell(pool);
            }
        }

        wake();
    }

    private WaitingVm? Look(PoolWish wish)
    {
        lock (table.Lock)
        {
            var vm = Best(wish);
            if (vm is not null)
            {
                vm.Custody = Custody.Looked;
            }

            return vm;
        }
    }

    /// <summary>The restored ones first; of those one that no port can be led to any more, where none is asked for; the oldest.</summary>
    private WaitingVm? Best(PoolWish wish) => table.All.Where(pool => pool.Name.Tenant == wish.Revision.Template.Tenant)
        .SelectMany(pool => pool.Vms)
        .Where(vm => vm.Custody == Custody.Waiting && vm.Revision == wish.Revision && vm.Outbound == wish.Network.Outbound
            && (vm.TakesForwards || wish.Network.Forwards.Count == 0))
        .OrderBy(vm => vm.Kind).ThenBy(vm => vm.TakesForwards).ThenBy(vm => vm.Since).FirstOrDefault();

    private void PutBack(WaitingVm vm)
    {
        lock (table.Lock)
        {
            if (vm.Custody == Custody.Looked)
            {
                vm.Custody = Custody.Waiting;
            }
        }
    }

    private bool Give(WaitingVm vm, bool answers, Func<WaitingVm, bool> adopt)
    {
        lock (table.Lock)
        {
            if (vm.Custody != Custody.Looked || table.Find(vm.Pool) is not { } pool)
            {
                // It was told to end meanwhile.
                return false;
            }

            if (answers && Forget(vm) && adopt(vm))
            {
                vm.Custody = Custody.Given;
                pool.Vms.Remove(vm);
                pool.MissedSince ??= parts.Time.Steady();
                pool.Backoff.Succeeded();
                return true;
            }

            if (!vm.Life.Ended.IsCompleted)
            {
                vms.Lose(pool, "A VM did not answer when a clone was to take it.");
                parts.Metrics.PoolLost();
                vms.End(vm, "it did not answer when a clone was to take it");
            }

            return false;
        }
    }

    /// <summary>From here on a daemon that is killed leaves one that is nobody's, and the next one ends it.</summary>
    private bool Forget(WaitingVm vm)
    {
        try
        {
            WaitingRecordFile.Remove(vm.Folder.Path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CleanUpFailed(e, vm.Pool);
            return false;
        }
    }
}

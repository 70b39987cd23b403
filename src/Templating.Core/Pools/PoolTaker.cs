using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
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
internal sealed class PoolTaker(PoolTable table, PoolVms vms, VmParts parts, PoolOptions options, Action wake, Action wakeLater, ILogger logger)
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
    /// Takes one, a restored one before a prepared one. Whether it answers is asked beside the first that it is told to do, see <see cref="RequireAnswerAsync"/>: by
    /// itself that would be a time there and back which all wait for and hardly any needs.
    /// </summary>
    /// <param name="wish">What it is to be.</param>
    /// <param name="adopt">Makes it the clone's; false where it cannot be had any more.</param>
    /// <returns>Null where there is none: the clone starts cold.</returns>
    public WaitingVm? Take(PoolWish wish, Func<WaitingVm, bool> adopt)
    {
        lock (table.Lock)
        {
            while (Best(wish) is { } vm)
            {
                if (TryGive(vm, adopt))
                {
                    // What is told of it and what follows on it can wait: its clone is about to run.
                    wakeLater();
                    return vm;
                }
            }
        }

        return null;
    }

    /// <summary>Asks one whether it is there and where it was left. Sent before this returns: QEMU answers in order.</summary>
    /// <exception cref="TemplatingException">QmpFailed: it is silent, or somewhere else.</exception>
    public async Task RequireAnswerAsync(WaitingVm vm)
    {
        if (!await vms.AnswersAsync(vm, CancellationToken.None))
        {
            throw new TemplatingException(ErrorCode.QmpFailed, "It did not answer when a clone was to take it.");
        }
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
                if (taken is not null)
                {
                    pool.Backoff.Succeeded();
                }

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

    /// <summary>The restored ones first; of those one that no port can be led to any more, where none is asked for; the oldest.</summary>
    private WaitingVm? Best(PoolWish wish) => table.All.Where(pool => pool.Name.Tenant == wish.Revision.Template.Tenant)
        .SelectMany(pool => pool.Vms)
        .Where(vm => vm.Custody == Custody.Waiting && vm.Revision == wish.Revision && vm.Outbound == wish.Network.Outbound
            && (vm.TakesForwards || wish.Network.Forwards.Count == 0))
        .OrderBy(vm => vm.Kind).ThenBy(vm => vm.TakesForwards).ThenBy(vm => vm.Since).FirstOrDefault();

    private bool TryGive(WaitingVm vm, Func<WaitingVm, bool> adopt)
    {
        if (table.Find(vm.Pool) is { } pool && Forget(vm) && adopt(vm))
        {
            vm.Custody = Custody.Given;
            pool.Vms.Remove(vm);
            pool.MissedSince ??= parts.Time.Steady();
            return true;
        }

        if (table.Find(vm.Pool) is { } losing)
        {
            vms.Lose(losing, "A VM that waited could not be had when a clone was to take it.");
            parts.Metrics.PoolLost();
        }

        vms.End(vm, "it could not be had when a clone was to take it");
        return false;
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

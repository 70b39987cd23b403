using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Store;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>Leads a pool from what there is to what is asked for, a step at a time.</summary>
internal sealed class PoolStepper(PoolTable table, PoolVms vms, VmParts parts, TemplateStore store, PoolOptions options, ILogger logger)
{
    private readonly HostPressure _pressure = new(options.Pressure, options.PressureFolder);
    private readonly Dictionary<string, int> _holds = new(StringComparer.Ordinal);
    private TimeSpan? _lastStart;

    /// <summary>While a clone of the tenant waits for the room that its VMs take, it gets none of it.</summary>
    public IDisposable Hold(string tenant)
    {
        lock (table.Lock)
        {
            _holds[tenant] = _holds.GetValueOrDefault(tenant) + 1;
        }

        return new Held(this, tenant);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever is wrong with one pool, the others go on; it is logged.")]
    public async Task StepAsync(Pool pool, CancellationToken cancellationToken)
    {
        try
        {
            var source = await JudgeAsync(pool.Spec, pool.Name, cancellationToken);
            lock (table.Lock)
            {
                if (table.Has(pool))
                {
                    Step(pool, source);
                    table.Tell(pool);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.LookFailed(e, pool.Name);
        }
    }

    private void Step(Pool pool, Source source)
    {
        if (source.Problem is PoolProblem.StartsFail)
        {
            // QEMU is exchanged, or gone for now: what waits may be good yet.
            (pool.Problem, pool.ProblemText) = (source.Problem, source.Text);
            return;
        }

        pool.Revision = source.Revision?.Name;
        foreach (var vm in pool.Vms.Where(vm => source.Revision is null || vm.Revision != source.Revision.Name).ToList())
        {
            vms.End(vm, source.Revision is null ? source.Text : $"{source.Revision.Name} is newer");
        }

        if (source.Revision is not { } revision)
        {
            pool.Target = pool.Spec.Sizes.Restored;
            (pool.Problem, pool.ProblemText) = (source.Problem, source.Text);
            return;
        }

        var room = parts.Capacity.RoomFor(pool.Name.Tenant, revision.Manifest.Machine.MemoryBytes);
        var memory = _pressure.FindMemory();
        var pressure = memory ?? _pressure.FindCpu();
        var now = new PoolSituation
        {
            Sizes = pool.Spec.Sizes,
            Target = pool.Target,
            Restored = pool.Count(WaitingKind.Restored) - pool.CountWorn(WaitingKind.Restored),
            Prepared = pool.Count(WaitingKind.Prepared) - pool.CountWorn(WaitingKind.Prepared),
            StartingRestored = pool.CountStarting(WaitingKind.Restored),
            StartingPrepared = pool.CountStarting(WaitingKind.Prepared),
            Takes = pool.Demand.Count(),
            Room = (int)Math.Clamp(room, int.MinValue, int.MaxValue),
            IsHeld = memory is not null || (pressure is not null && HasJustBegun) || !pool.Backoff.IsOver || _holds.ContainsKey(pool.Name.Tenant)
                || IsServing(pool),
        };
        var plan = PoolPlanner.Next(now);
        pool.Target = plan.Target;
        if (IsFull(now, plan))
        {
            pool.MissedSince = null;
        }

        Stop(pool, WaitingKind.Prepared, plan.StopPrepared);
        Stop(pool, WaitingKind.Restored, plan.StopRestored);
        Replace(pool, WaitingKind.Prepared, now.Prepared, now.Sizes.Prepared, now.Room);
        Replace(pool, WaitingKind.Restored, now.Restored, plan.Target, now.Room);
        var refusal = plan.StartRestored > 0 ? TryStart(pool, revision, WaitingKind.Restored)
            : plan.StartPrepared > 0 ? TryStart(pool, revision, WaitingKind.Prepared)
            : null;
        (pool.Problem, pool.ProblemText) = FindProblem(pool, now, plan, pressure, refusal);
    }

    /// <summary>Whether it is too early for another start of any pool's, where the host is short of CPUs.</summary>
    private bool HasJustBegun => _lastStart is { } last && parts.Time.Steady() - last < options.PressedInterval;

    /// <summary>Whether a clone has just begun to go on from one of its VMs.</summary>
    private bool IsServing(Pool pool) => pool.MissedSince is { } since && parts.Time.Steady() - since < options.RefillDelay;

    private static bool IsFull(in PoolSituation now, in PoolPlan plan) =>
        now.Restored + now.StartingRestored >= plan.Target && now.Prepared + now.StartingPrepared >= now.Sizes.Prepared;

    private (PoolProblem Problem, string Text) FindProblem(Pool pool, in PoolSituation now, in PoolPlan plan, string? pressure, string? refusal)
    {
        if (IsFull(now, plan))
        {
            return (PoolProblem.None, "");
        }

        return refusal is not null ? (PoolProblem.BudgetFull, refusal)
            : !pool.Backoff.IsOver ? (PoolProblem.StartsFail, pool.Backoff.Reason ?? "")
            : pressure is not null ? (PoolProblem.HostPressure, pressure)
            : now.Room <= 0 ? (PoolProblem.BudgetFull, FindRefusal(pool))
            : (PoolProblem.None, "");
    }

    /// <summary>In the words in which a clone would be refused.</summary>
    private string FindRefusal(Pool pool)
    {
        var revision = store.Find(pool.Spec.TemplateOf(pool.Name), pool.Revision?.Revision);
        try
        {
            parts.Capacity.Charge(pool.Name.Tenant, revision?.Manifest.Machine.MemoryBytes ?? 0).Dispose();
            return "There was no room for more.";
        }
        catch (TemplatingException e)
        {
            return e.Message;
        }
    }

    private void Stop(Pool pool, WaitingKind kind, int count)
    {
        foreach (var vm in pool.Vms.Where(vm => vm.Kind == kind && vm.Custody == Custody.Waiting).OrderByDescending(vm => vm.Since).Take(count).ToList())
        {
            vms.End(vm, "fewer are to wait");
        }
    }

    /// <summary>Ends one that is worn when another waits in its place, or where there is no room for that before.</summary>
    private void Replace(Pool pool, WaitingKind kind, int fresh, int wanted, int room)
    {
        var worn = pool.CountWorn(kind);
        if (worn > 0 && (fresh + worn > wanted || room <= 0)
            && pool.Vms.Where(vm => vm.Kind == kind && vm.IsWorn && vm.Custody == Custody.Waiting).MinBy(vm => vm.Since) is { } oldest)
        {
            vms.End(oldest, "it is replaced by one that can be given ports");
        }
    }

    /// <returns>Why there is no room for it; null where it was begun.</returns>
    private string? TryStart(Pool pool, Revision revision, WaitingKind kind)
    {
        try
        {
            vms.Begin(pool, revision, kind);
            _lastStart = parts.Time.Steady();
            return null;
        }
        catch (TemplatingException e)
        {
            return e.Message;
        }
    }

    /// <summary>Of which revision its VMs are to be, and whether they can be.</summary>
    private async Task<Source> JudgeAsync(PoolSpec spec, PoolName name, CancellationToken cancellationToken)
    {
        var template = spec.TemplateOf(name);
        if (store.Find(template, spec.Revision) is not { } revision)
        {
            var broken = store.ListBroken(name.Tenant).FirstOrDefault(
                b => b.Name.Template == template && (spec.Revision is null || b.Name.Revision == spec.Revision));
            return broken is null
                ? new Source(
                    null, PoolProblem.TemplateMissing,
                    $"There is no {template}{(spec.Revision is null ? "" : $"/revisions/{spec.Revision}")}. Build it, or delete the pool.")
                : new Source(null, PoolProblem.TemplateCorrupt, $"{broken.Name}: {broken.Problem}");
        }

        if (store.FindProblem(revision.Name) is { } corrupt)
        {
            return new Source(null, PoolProblem.TemplateCorrupt, corrupt);
        }

        if (revision.Manifest.Spec.Network is { Outbound: true, Forwards.Count: > 0 })
        {
            return new Source(
                null, PoolProblem.Unservable,
                $"Clones of {revision.Name} reach outwards and have ports, which are opened before QEMU starts: they start cold. "
                + "Leave the ports or outbound out.");
        }

        try
        {
            return Compatibility.FindMismatch(revision.Manifest, await parts.Vmm.ProbeAsync(refresh: false, cancellationToken)) is { } stale
                ? new Source(null, PoolProblem.TemplateStale, $"{revision.Name}: {stale}")
                : new Source(revision, PoolProblem.None, "");
        }
        catch (TemplatingException e)
        {
            return new Source(null, PoolProblem.StartsFail, e.Message);
        }
    }

    private void Release(string tenant)
    {
        lock (table.Lock)
        {
            if (--_holds[tenant] == 0)
            {
                _holds.Remove(tenant);
            }
        }
    }

    private readonly record struct Source(Revision? Revision, PoolProblem Problem, string Text);

    private sealed class Held(PoolStepper owner, string tenant) : IDisposable
    {
        public void Dispose() => owner.Release(tenant);
    }
}

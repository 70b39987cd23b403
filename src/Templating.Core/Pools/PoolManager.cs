using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <inheritdoc />
public sealed class PoolManager : IPoolManager, IAsyncDisposable
{
    private readonly PoolTable _table = new();
    private readonly PoolFiles _files;
    private readonly PoolVms _vms;
    private readonly PoolStepper _stepper;
    private readonly PoolRecovery _recovery;
    private readonly PoolOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<PoolManager> _logger;

    /// <summary>At most one word waits in it: that there is something to look at.</summary>
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>One write of a pool's file at a time, so that the file says what the table does.</summary>
    private readonly Lock _writing = new();
    private readonly ITimer _refill;
    private volatile bool _isOver;

    public PoolManager(VmParts parts, TemplateStore store, RevisionLeases leases, PoolOptions options, ILogger<PoolManager> logger)
    {
        (_options, _time, _logger) = (options, parts.Time, logger);
        Starts = StartTurns.Of(options.MaxConcurrentStarts, parts.Time);
        _files = new PoolFiles(options.Folder);
        _vms = new PoolVms(parts, store, leases, _table, Starts, options, Wake, logger);
        _stepper = new PoolStepper(_table, _vms, parts, store, options, logger);
        _recovery = new PoolRecovery(_table, _vms, parts, store, leases, options, logger);
        _refill = parts.Time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Taker = new PoolTaker(_table, _vms, parts, options, WakeToRefill, WakeLater, logger);
        Room = new PoolRoom(_table, _vms, _stepper, parts);
        parts.Metrics.ObservePools("templating.pool.waiting", "VMs that wait in pools.", () => Count((pool, kind) => pool.Count(kind)));
        parts.Metrics.ObservePools(
            "templating.pool.wanted", "VMs that are to wait in pools.",
            () => Count((pool, kind) => kind == WaitingKind.Restored ? pool.Target : pool.Spec.Sizes.Prepared));
    }

    /// <summary>The turns of all starts on this node.</summary>
    internal FairTurns Starts { get; }

    internal PoolTaker Taker { get; }

    /// <summary>What the VMs that wait give up for those that somebody waits for.</summary>
    internal PoolRoom Room { get; }

    public PoolView Set(PoolName name, PoolSpec spec)
    {
        lock (_writing)
        {
            lock (_table.Lock)
            {
                if (_table.Find(name) is null && _table.All.Count(pool => pool.Name.Tenant == name.Tenant) >= PoolRules.MostPools)
                {
                    throw new TemplatingException(
                        ErrorCode.TenantQuotaExhausted, $"Tenant '{name.Tenant}' has {PoolRules.MostPools} pools already, which is the limit. Delete one ('templating pool list').");
                }
            }

            _files.Write(name, spec);
            _logger.PoolSet(name, spec.Sizes.Restored, spec.Sizes.Prepared, spec.Template);
            lock (_table.Lock)
            {
                if (_table.Find(name) is not { } pool)
                {
                    pool = new Pool(name, spec, _time);
                    _table.Add(pool);
                }
                else
                {
                    (pool.Spec, pool.Revision, pool.Target) = (spec, null, Math.Clamp(pool.Target, spec.Sizes.Restored, spec.Sizes.Most));
                    (pool.Problem, pool.ProblemText) = (PoolProblem.None, "");
                    _table.Tell(pool);
                }

                Wake();
                return pool.View();
            }
        }
    }

    public PoolView Get(PoolName name)
    {
        lock (_table.Lock)
        {
            return _table.Get(name).View();
        }
    }

    public IReadOnlyList<PoolView> List(string? tenant)
    {
        lock (_table.Lock)
        {
            return
            [
                .. _table.All.Where(pool => tenant is null || string.Equals(pool.Name.Tenant, tenant, StringComparison.Ordinal))
                    .OrderBy(pool => pool.Name.Tenant, StringComparer.Ordinal).ThenBy(pool => pool.Name.Id, StringComparer.Ordinal).Select(pool => pool.View()),
            ];
        }
    }

    public async Task DeleteAsync(PoolName name, CancellationToken cancellationToken)
    {
        List<WaitingVm> ending;
        lock (_writing)
        {
            lock (_table.Lock)
            {
                _table.Get(name);
            }

            _files.Remove(name);
            lock (_table.Lock)
            {
                var pool = _table.Get(name);
                ending = [.. pool.Vms];
                ending.ForEach(vm => _vms.End(vm, "the pool was deleted"));
                _table.Remove(pool);
            }
        }

        _logger.PoolDeleted(name);
        await PoolVms.GoneAsync(ending, cancellationToken);
    }

    public IAsyncEnumerable<Change<PoolView>> WatchAsync(CancellationToken cancellationToken) => _table.SubscribeAsync(cancellationToken);

    /// <summary>Leads all pools to what is asked of them, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var looked = _time.Steady();
        using var timer = new PeriodicTimer(_options.Interval, _time);
        var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        var wake = _wakes.Reader.ReadAsync(cancellationToken).AsTask();
        while (true)
        {
            if (await Task.WhenAny(tick, wake) == tick)
            {
                await tick;
                tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            }
            else
            {
                await wake;
                wake = _wakes.Reader.ReadAsync(cancellationToken).AsTask();
            }

            await Task.WhenAll(_table.Snapshot().Select(pool => _stepper.StepAsync(pool, cancellationToken)));
            if (_time.Steady() - looked >= _options.LookInterval)
            {
                looked = _time.Steady();
                await Task.WhenAll(_table.Snapshot().Select(pool => LookAsync(pool, cancellationToken)));
            }
        }
    }

    /// <summary>Lets go of the VMs that wait; the next daemon takes them over.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        await _refill.DisposeAsync();
        List<WaitingVm> left;
        lock (_table.Lock)
        {
            left = [.. _table.All.SelectMany(pool => pool.Vms)];
        }

        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await Task.WhenAll(left.Select(async vm =>
        {
            await vm.Life.LetGoAsync(now.Token);
            await vm.Background;
        }));
    }

    /// <summary>Takes over what the daemon before this one left. Once, before the first request.</summary>
    internal async Task<IReadOnlyCollection<VmFolder>> RecoverAsync(CancellationToken cancellationToken)
    {
        var pools = _files.Read(_logger.Unreadable);
        lock (_table.Lock)
        {
            foreach (var (name, spec) in pools)
            {
                _table.Add(new Pool(name, spec, _time));
            }
        }

        return await _recovery.RunAsync(cancellationToken);
    }

    /// <summary>VMs of pools that hold the revision.</summary>
    internal int CountOf(RevisionName revision) => _table.CountOf(revision);

    /// <summary>Ends those of the revision, which nobody can begin any more.</summary>
    internal Task EndAsync(RevisionName revision, CancellationToken cancellationToken) =>
        PoolVms.GoneAsync(EndAll(vm => vm.Revision == revision, "its template is deleted"), cancellationToken);

    /// <summary>Ends those of older revisions in pools that have the newest.</summary>
    internal async Task RetireAsync(TemplateName template, RevisionName newest, CancellationToken cancellationToken)
    {
        var ending = EndAll(
            vm => vm.Revision.Template == template && vm.Revision != newest && _table.Find(vm.Pool)?.Spec.Revision is null, $"{newest} is newer");
        await _vms.GoneInTimeAsync(ending, cancellationToken);
        Wake();
    }

    private List<WaitingVm> EndAll(Func<WaitingVm, bool> isMeant, string why)
    {
        lock (_table.Lock)
        {
            var ending = _table.All.SelectMany(pool => pool.Vms).Where(isMeant).ToList();
            ending.ForEach(vm => _vms.End(vm, why));
            return ending;
        }
    }

    private void Wake() => _wakes.Writer.TryWrite(true);

    /// <summary>Now, for what is to be told, and when a start may follow a take.</summary>
    private void WakeToRefill()
    {
        Wake();
        WakeLater();
    }

    private void WakeLater() => _refill.Change(_options.RefillDelay, Timeout.InfiniteTimeSpan);

    /// <summary>Ends those that are silent, or not where they were left: nobody is to wait for one.</summary>
    private async Task LookAsync(Pool pool, CancellationToken cancellationToken)
    {
        List<WaitingVm> waiting;
        lock (_table.Lock)
        {
            waiting = [.. pool.Vms.Where(vm => vm.Custody == Custody.Waiting)];
        }

        await Task.WhenAll(waiting.Select(async vm =>
        {
            var answers = await _vms.AnswersAsync(vm, cancellationToken);
            lock (_table.Lock)
            {
                if (vm.Custody == Custody.Waiting && answers)
                {
                    pool.Backoff.Succeeded();
                }
                else if (vm.Custody == Custody.Waiting && !vm.Life.Ended.IsCompleted)
                {
                    _vms.Lose(pool, "A VM that waited did not answer.");
                    _vms.End(vm, "it did not answer");
                }
            }
        }));
    }

    private Dictionary<string, int> Count(Func<Pool, WaitingKind, int> read)
    {
        lock (_table.Lock)
        {
            return Enum.GetValues<WaitingKind>().ToDictionary(
                kind => TemplatingMetrics.PoolKinds[(int)kind], kind => _table.All.Sum(pool => read(pool, kind)), StringComparer.Ordinal);
        }
    }
}

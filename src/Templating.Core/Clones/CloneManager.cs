using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Core.Requests;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <inheritdoc />
public sealed class CloneManager : ICloneManager, IOwnedClones, ICloneUsage, IAsyncDisposable
{
    private readonly CloneStarts _starts;
    private readonly CloneTable _table;
    private readonly CloneRecovery _recovery;
    private readonly CloneExpiry _expiry;
    private readonly CloneCalls _calls;
    private readonly TemplateStore _store;
    private readonly CloneOptions _options;
    private readonly NodeCapacity _capacity;
    private readonly PoolManager _pools;
    private readonly RequestLog<Clone> _requests = new(isThere: clone => !clone.IsBeingRemoved);
    private readonly TemplatingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<CloneManager> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();

    public CloneManager(
        VmParts parts, TemplateStore store, RevisionLeases leases, PoolManager pools, CloneOptions options, ILogger<CloneManager> logger,
        IImageCache? images = null)
    {
        (_options, _capacity, _pools, _metrics, _time, _logger) = (options, parts.Capacity, pools, parts.Metrics, parts.Time, logger);
        _table = new CloneTable(_requests, _time, logger);
        var admission = new CloneAdmission(parts, store, leases, options, pools.Room);
        var factory = new CloneFactory(_table, admission, _time, parts.BootTime);
        _starts = new CloneStarts(parts, _table, factory, admission, pools, options);
        _store = store;
        var plugs = new ClonePlugs(images, store);
        _calls = new CloneCalls(parts, _table, new CloneGrowth(store, pools.Room), plugs, options);
        _recovery = new CloneRecovery(parts, factory, leases, plugs, options, logger);
        _expiry = new CloneExpiry(_table, options, logger);
        _metrics.ObserveClones(VmOwner.Clone, Enum.GetValues<VmState>(), () => _table.All.Select(clone => clone.View.State));
        _metrics.ObserveBytes("templating.memory.charged", "Bytes charged to the node's memory budget.", () => _capacity.View.ChargedBytes);
        _metrics.ObserveBytes("templating.memory.budget", "Bytes VMs may be charged in all.", () => _capacity.View.BudgetBytes);
    }

    public CapacityView Capacity => _capacity.View;

    /// <summary>Takes over what the daemon before this one left. Once, before the first request.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        // Those that wait for a clone have their folders beside the clones'.
        var waiting = await _pools.RecoverAsync(cancellationToken);
        foreach (var clone in await _recovery.RunAsync(waiting, cancellationToken))
        {
            if (clone.RequestId is { } id)
            {
                _requests.Remember(clone.Name.Tenant, id, clone.RequestDigest, clone);
            }

            _table.Changed(clone, clone.View);
            clone.Answers = FollowAsync(clone);
            clone.Background = Task.WhenAll(WatchAsync(clone), clone.Answers);
        }

        _expiry.EndDue();
    }

    public async Task<CloneView> CreateAsync(CreateClone request, CancellationToken cancellationToken)
    {
        using var span = TemplatingTelemetry.Source.StartActivity("clone.create");
        span?.SetTag("templating.template", request.Template.ToString());
        try
        {
            if (_stopping.IsCancellationRequested)
            {
                throw new TemplatingException(ErrorCode.ShuttingDown, "The node is stopping and starts no clones.");
            }

            var digest = CloneNaming.Digest(request);
            var clone = await _requests.RunAsync(
                request.Template.Tenant, request.RequestId, digest, ct => CreateOnceAsync(request, digest, ct), cancellationToken);
            return clone.View;
        }
        catch (TemplatingException e)
        {
            span?.SetStatus(ActivityStatusCode.Error, ErrorReasons.Of(e.Code));
            _metrics.Refused(e.Code);
            throw;
        }
    }

    public CloneView Get(CloneName name) => _table.Get(name).View;

    public IReadOnlyList<CloneView> List(string? tenant) =>
    [
        .. _table.All.Select(c => c.View)
            .Where(v => tenant is null || string.Equals(v.Name.Tenant, tenant, StringComparison.Ordinal))
            .OrderBy(v => v.Name.Tenant, StringComparer.Ordinal).ThenBy(v => v.Name.Id, StringComparer.Ordinal),
    ];

    public async Task<VmMemory?> ReadMemoryAsync(CloneName name, CancellationToken cancellationToken) =>
        await _table.Get(name).Life.ReadMemoryAsync(cancellationToken);

    public TimeSpan? ReadCpuTime(CloneName name) => _table.Get(name).Life.ReadCpuTime();

    public Task<CloneView> PauseAsync(CloneName name, CancellationToken cancellationToken) => _calls.SwitchAsync(name, VmOperation.Pause, cancellationToken);

    public Task<CloneView> ResumeAsync(CloneName name, CancellationToken cancellationToken) => _calls.SwitchAsync(name, VmOperation.Resume, cancellationToken);

    public Task<PluggedDevice> PlugImageAsync(CloneName name, string digest, CancellationToken cancellationToken) =>
        _calls.PlugImageAsync(name, digest, cancellationToken);

    public Task<PluggedDevice> PlugDiskAsync(CloneName name, PlugDisk request, CancellationToken cancellationToken) =>
        _calls.PlugDiskAsync(name, request, cancellationToken);

    public Task<PluggedDevice> PlugNicAsync(CloneName name, PlugNic request, CancellationToken cancellationToken) =>
        _calls.PlugNicAsync(name, request, cancellationToken);

    public Task UnplugAsync(CloneName name, string device, CancellationToken cancellationToken) => _calls.UnplugAsync(name, device, cancellationToken);

    public Task<CloneView> ResizeAsync(CloneName name, CloneSize size, CancellationToken cancellationToken) =>
        _calls.ResizeAsync(name, size, cancellationToken);

    public IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ExecInput>? input, CancellationToken cancellationToken) =>
        _calls.ExecAsync(name, command, input, cancellationToken);

    public IConsole OpenConsole(CloneName name) => _calls.OpenConsole(name);

    public CloneView Extend(CloneName name, Lifetime change) => _expiry.Extend(name, change);

    public IReadOnlyList<(CloneView Clone, string Digest)> ListOwned() =>
        [.. _table.All.Where(clone => clone.View.Owner is not null).Select(clone => (clone.View, clone.RequestDigest))];

    public void Detach(CloneView clone) => CloneDetaching.Detach(_table, clone);

    public CloneOutfit? OutfitOf(CloneView clone) => CloneOutfit.Of(clone, _table, _store);

    public async Task<CloneView> ReadyAsync(CloneView clone) => clone.ReadyAt is not null ? clone
        : _table.Find(clone) is { } found ? (CloneView)await found.Life.Ready
        : throw new TemplatingException(ErrorCode.CloneNotFound, $"{clone.Name} is gone: it ended before it was ready.");

    public Task<VmEnd?> WaitAsync(CloneView clone) => _table.Find(clone)?.Life.Ended ?? Task.FromResult<VmEnd?>(null);

    public Task<VmEnd?> RemoveAsync(CloneView clone, TimeSpan grace, string why) =>
        _table.Find(clone) is { } found ? _table.RemoveAsync(found, grace, why) : Task.FromResult<VmEnd?>(null);

    /// <summary>Begins the end of the clones whose lifetime is over.</summary>
    public void EndExpired() => _expiry.EndDue();

    public async Task<VmEnd> DeleteAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        var clone = _table.Get(name);
        var end = await _table.RemoveAsync(clone, grace).WaitAsync(cancellationToken)
            ?? throw new TemplatingException(ErrorCode.ShuttingDown, $"The node stops; {name} lives on and the next daemon has it.");
        _logger.CloneDeleted(name, end.Reason);
        return end;
    }

    public IAsyncEnumerable<Change<CloneView>> WatchAsync(CancellationToken cancellationToken) =>
        _table.SubscribeAsync(cancellationToken);

    public Task DeleteUsersAsync(RevisionName revision, CancellationToken cancellationToken) => Task.WhenAll(
        _table.All.Where(c => c.View.Template == revision && !VmTransitions.IsEnd(c.View.State))
            .Select(c => _table.RemoveAsync(c, TimeSpan.Zero))).WaitAsync(cancellationToken);

    public Task EndWaitingAsync(RevisionName revision, CancellationToken cancellationToken) =>
        _pools.EndAsync(revision, cancellationToken);

    public Task RetireWaitingAsync(RevisionName newest, CancellationToken cancellationToken) =>
        _pools.RetireAsync(newest.Template, newest, cancellationToken);

    public int CountWaiting(RevisionName revision) => _pools.CountOf(revision);

    /// <summary>Forgets clones that ended long enough ago.</summary>
    public async Task ExpireFinishedAsync()
    {
        var limit = _time.Steady() - _options.FinishedRetention;
        foreach (var clone in _table.All.Where(c => c.EndedSteady < limit).ToArray())
        {
            await _table.RemoveAsync(clone, TimeSpan.Zero);
        }
    }

    /// <summary>Looks whether each clone answers and whether its CPUs run, all side by side.</summary>
    public Task LookAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_table.All.Select(clone => clone.Life.Cpus.LookAsync(_options.LookLimit, cancellationToken)));

    /// <summary>
    /// Lets go of the clones; their VMs live on. An identity under way gets a moment to end; a clone that is not ready
    /// by then is ended by the next daemon.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        _abandoning.CancelAfter(_options.StopGrace);
        await Task.WhenAll(_table.All.Select(async clone =>
        {
            await clone.Life.LetGoAsync(_abandoning.Token);
            await clone.Background;
        }));
        _stopping.Dispose();
        _abandoning.Dispose();
    }

    private async Task<Clone> CreateOnceAsync(CreateClone request, string digest, CancellationToken cancellationToken)
    {
        var clone = await _starts.BeginAsync(request, digest, cancellationToken);
        var ready = TellStartAsync(clone);
        try
        {
            await (request.ReturnWhenRunning ? clone.Running : ready).WaitAsync(cancellationToken);
        }
        catch (Exception e)
        {
            _logger.CloneNotStarted(clone.Name, e.Message);
            await _table.RemoveAsync(clone, TimeSpan.Zero);
            await ready.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        clone.IsTold = true;
        clone.Background = Task.WhenAll(clone.Background, request.ReturnWhenRunning ? FinishAsync(clone, ready) : WatchAsync(clone));
        return clone;
    }

    private async Task TellStartAsync(Clone clone)
    {
        using var use = clone.Lifetime.Use();
        var ok = false;
        try
        {
            await clone.Running;
            await clone.Life.Ready;
            ok = true;
            _logger.CloneReady(clone.Name, clone.View.Template.ToString(), clone.Clock!.Elapsed.TotalMilliseconds);
        }
        finally
        {
            _metrics.CloneStart(VmOwner.Clone, warm: clone.IsWarm, clone.Clock!.Elapsed, ok);
        }
    }

    /// <summary>The rest of a start whose caller did not wait for it.</summary>
    private async Task FinishAsync(Clone clone, Task ready)
    {
        try
        {
            await ready;
        }
        catch (TemplatingException e)
        {
            _metrics.Refused(e.Code);
        }

        await WatchAsync(clone);
    }

    /// <summary>Tells of its end, where that is news.</summary>
    private async Task WatchAsync(Clone clone)
    {
        if (!clone.WasOver && await clone.Life.Ended is { } end)
        {
            _metrics.CloneEnded(VmOwner.Clone, end.Failure, clone.Lifetime.Over);
            if (!clone.IsBeingRemoved)
            {
                _logger.CloneEnded(clone.Name, end.Reason);
            }
        }
    }

    /// <summary>Tells of one that was silent when the daemon began as soon as it answers.</summary>
    private async Task FollowAsync(Clone clone)
    {
        if (clone.Life.Vm is LateVm late && await Task.WhenAny(late.Answered, clone.Life.Ended) == late.Answered)
        {
            _logger.AnsweredLate(clone.Name);
            await clone.Life.Cpus.LookAsync(_options.LookLimit, CancellationToken.None);
        }
    }
}

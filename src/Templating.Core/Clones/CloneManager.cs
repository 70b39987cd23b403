using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Requests;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Clones;

/// <inheritdoc />
public sealed class CloneManager : ICloneManager, ICloneUsage, IAsyncDisposable
{
    private readonly CloneAdmission _admission;
    private readonly CloneStarter _starter;
    private readonly CloneTable _table;
    private readonly CloneRecovery _recovery;
    private readonly CloneOptions _options;
    private readonly NodeCapacity _capacity;
    private readonly RequestLog<Clone> _requests = new();
    private readonly TemplatingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<CloneManager> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();

    public CloneManager(
        IVmm vmm, TemplateStore store, RevisionLeases leases, NodeCapacity capacity, VmUserPool? users, CloneOptions options,
        TemplatingMetrics metrics, TimeProvider time, ILogger<CloneManager> logger)
    {
        _options = options;
        _capacity = capacity;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _table = new CloneTable(users, logger);
        _admission = new CloneAdmission(vmm, store, leases, capacity, options, time);
        _starter = new CloneStarter(vmm, store, users, options, metrics, time);
        _recovery = new CloneRecovery(vmm, leases, capacity, users, options, time, logger);
        metrics.ObserveStates("templating.clones", "{clone}", "Clones on the node, by state.", CountStates);
        metrics.ObserveBytes("templating.memory.charged", "Bytes charged to the node's memory budget.", () => capacity.View.ChargedBytes);
        metrics.ObserveBytes("templating.memory.budget", "Bytes VMs may be charged in all.", () => capacity.View.BudgetBytes);
    }

    public CapacityView Capacity => _capacity.View;

    /// <summary>Takes over what the daemon before this one left. Once, before the first request.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (var clone in await _recovery.RunAsync(cancellationToken))
        {
            _table.Add(clone);
            if (clone.Record.RequestId is { } id)
            {
                _requests.Remember(clone.Name.Tenant, id, clone.Record.RequestDigest, clone);
            }

            clone.Background = clone.Vm is null ? Task.CompletedTask : WatchExitAsync(clone);
            _table.Changed(clone);
        }
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
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, e.Code.ToString());
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
        _table.Get(name).Vm is { } vm ? await vm.ReadMemoryAsync(cancellationToken) : null;

    public Task<CloneView> PauseAsync(CloneName name, CancellationToken cancellationToken) => SwitchAsync(
        name, CloneOperation.Pause, CloneState.Paused, vm => vm.PauseAsync(cancellationToken), cancellationToken);

    public Task<CloneView> ResumeAsync(CloneName name, CancellationToken cancellationToken) => SwitchAsync(
        name, CloneOperation.Resume, CloneState.Running, vm => vm.ResumeAsync(cancellationToken), cancellationToken);

    public async Task<VmExit> DeleteAsync(CloneName name, TimeSpan grace, CancellationToken cancellationToken)
    {
        var clone = _table.Get(name);
        await clone.Gate.WaitAsync(cancellationToken);
        try
        {
            clone.Deleting = true;
            var exit = clone.Vm is { } vm
                ? await vm.StopAsync(grace, cancellationToken)
                : new VmExit(null, null, clone.View.StateReason, GuestRequested: false, "");

            // From here it is gone whatever the caller does.
            await clone.Background;
            await _table.RemoveAsync(clone);
            if (clone.Record.RequestId is { } id)
            {
                _requests.Forget(name.Tenant, id);
            }

            _logger.CloneDeleted(name, exit.Reason);
            return exit;
        }
        finally
        {
            clone.Deleting = false;
            clone.Gate.Release();
        }
    }

    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        CloneName name, GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var vm = RequireVm(name, CloneOperation.Exec);
        using var span = TemplatingTelemetry.Source.StartActivity("clone.exec");
        await foreach (var output in vm.Guest.ExecAsync(command, input, cancellationToken))
        {
            yield return output;
        }
    }

    public IConsole OpenConsole(CloneName name) => RequireVm(name, CloneOperation.Console).Console;

    public IAsyncEnumerable<Change<CloneView>> WatchAsync(CancellationToken cancellationToken) =>
        _table.SubscribeAsync(cancellationToken);

    public async Task DeleteUsersAsync(RevisionName revision, CancellationToken cancellationToken)
    {
        foreach (var clone in _table.All.Where(c => c.View.Template == revision && c.Vm is not null).ToArray())
        {
            await DeleteAsync(clone.Name, TimeSpan.Zero, cancellationToken);
        }
    }

    /// <summary>Forgets clones that ended long enough ago.</summary>
    public async Task ExpireFinishedAsync()
    {
        var limit = _time.GetUtcNow() - _options.FinishedRetention;
        foreach (var clone in _table.All.Where(c => c.Record.EndedAt < limit).ToArray())
        {
            await _table.RemoveAsync(clone);
            if (clone.Record.RequestId is { } id)
            {
                _requests.Forget(clone.Name.Tenant, id);
            }
        }
    }

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
        foreach (var clone in _table.All)
        {
            await clone.Background;
            if (clone.Vm is { } vm)
            {
                await vm.DisposeAsync();
            }

            clone.Dispose();
        }

        _starter.Dispose();
        _stopping.Dispose();
        _abandoning.Dispose();
    }

    private async Task<Clone> CreateOnceAsync(CreateClone request, string digest, CancellationToken cancellationToken)
    {
        var (clone, revision) = await _admission.AdmitAsync(request, digest, cancellationToken);
        var started = default(StartedClone);
        try
        {
            _table.Add(clone);
            started = await _starter.StartAsync(clone, request, revision, cancellationToken);
            _table.Changed(clone);
            if (request.ReturnWhenRunning)
            {
                clone.Background = FinishAsync(clone, started);
                return clone;
            }

            await started.IdentifyAsync(cancellationToken);
            Ready(clone, started.Elapsed);
            clone.Background = WatchExitAsync(clone);
            return clone;
        }
        catch (Exception e)
        {
            _logger.CloneNotStarted(clone.Name, e.Message);
            _metrics.CloneStart(_time.GetUtcNow() - clone.View.CreatedAt, ok: false);
            await _table.RemoveAsync(clone);
            throw;
        }
        finally
        {
            if (!request.ReturnWhenRunning)
            {
                started?.Dispose();
            }
        }
    }

    /// <summary>The rest of a start whose caller did not wait for it.</summary>
    private async Task FinishAsync(Clone clone, StartedClone started)
    {
        await Task.Yield();
        try
        {
            using (started)
            {
                await started.IdentifyAsync(_abandoning.Token);
            }

            Ready(clone, started.Elapsed);
        }
        catch (TemplatingException e)
        {
            _metrics.Refused(e.Code);
            _metrics.CloneStart(started.Elapsed, ok: false);
            await EndAsync(clone, CloneState.Failed, e.Message);
            return;
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await WatchExitAsync(clone);
    }

    private void Ready(Clone clone, TimeSpan elapsed)
    {
        _table.Changed(clone);
        _metrics.CloneStart(elapsed, ok: true);
        _logger.CloneReady(clone.Name, clone.View.Template.ToString(), elapsed.TotalMilliseconds);
    }

    private async Task WatchExitAsync(Clone clone)
    {
        if (clone.Vm is not { } vm)
        {
            return;
        }

        try
        {
            var exit = await vm.Exited.WaitAsync(_stopping.Token);
            _metrics.CloneEnded(expected: clone.Deleting || exit.GuestRequested);
            if (!clone.Deleting)
            {
                await EndAsync(clone, exit.GuestRequested ? CloneState.Stopped : CloneState.Failed, exit.Reason);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon stops; the VM lives on and the next daemon watches it.
        }
    }

    private async Task EndAsync(Clone clone, CloneState state, string reason)
    {
        await _table.ReleaseAsync(clone);
        clone.Update(r => r with
        {
            Process = null,
            EndedAt = _time.GetUtcNow(),
            View = r.View with { State = state, StateReason = reason, Pid = 0, ChargedBytes = 0 },
        });
        _table.Changed(clone);
        _logger.CloneEnded(clone.Name, reason);
    }

    private async Task<CloneView> SwitchAsync(
        CloneName name, CloneOperation operation, CloneState target, Func<IVm, Task> act, CancellationToken cancellationToken)
    {
        var clone = _table.Get(name);
        await clone.Gate.WaitAsync(cancellationToken);
        try
        {
            CloneOperations.Require(operation, clone.View);
            if (clone.View.State != target)
            {
                await act(RequireVm(name, operation));
                clone.Update(r => r with { View = r.View with { State = target } });
                _table.Changed(clone);
            }

            return clone.View;
        }
        finally
        {
            clone.Gate.Release();
        }
    }

    private IVm RequireVm(CloneName name, CloneOperation operation)
    {
        var clone = _table.Get(name);
        CloneOperations.Require(operation, clone.View);
        return clone.Vm ?? throw new TemplatingException(ErrorCode.IllegalState, $"{name} has just ended.");
    }

    private IEnumerable<KeyValuePair<string, int>> CountStates() =>
        _table.All.CountBy(c => c.View.State).Select(p => KeyValuePair.Create(p.Key.ToString(), p.Value));
}

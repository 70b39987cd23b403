using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Pods;

/// <summary>The one VM of a pod, from the volume to its end. It is activated once; a failure at any step ends it.</summary>
public sealed class PodVm : IAsyncDisposable
{
    /// <summary>How much later than a command's end by a signal, or its agent's, the VM's own end may be known.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly IVmm _vmm;
    private readonly PodVolume _volume;
    private readonly PodOptions _options;
    private readonly TimeProvider _time;
    private readonly PodStatus _status;
    private readonly PhaseClock _clock;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly TaskCompletionSource<PodEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IVm? _vm;
    private (Guid? RequestId, string Digest, Task<PodView> Result)? _activation;
    private Task? _stopping;

    public PodVm(IVmm vmm, PodVolume volume, PodOptions options, TimeProvider time)
    {
        (_vmm, _volume, _options, _time) = (vmm, volume, options, time);
        _clock = new PhaseClock(time, "pod", (_, _, _) => { });
        _status = new PodStatus(new PodView
        {
            State = PodState.Starting,
            Generation = Guid.NewGuid(),
            Mac = MacAddress.New(),
            Network = new NetworkSpec(volume.Manifest.Spec.Network.Outbound, options.Forwards),
        });
    }

    public PodView View => _status.View;

    /// <summary>Completes when the VM is gone, or could not be started. Never faults.</summary>
    public Task<PodEnd> Ended => _ended.Task;

    public IAsyncEnumerable<PodView> WatchAsync(CancellationToken cancellationToken) => _status.WatchAsync(cancellationToken);

    /// <summary>Starts QEMU and restores the state. Then it waits, or becomes at once what <paramref name="self"/> says.</summary>
    /// <returns>The end of the start, of the activation too. Never faults: what fails is told by <see cref="Ended"/>.</returns>
    public async Task StartAsync(PodActivation? self)
    {
        Task activated;
        try
        {
            var vm = await PrepareAsync(_abandoned.Token);
            await _clock.RunAsync("restore", () => vm.RestoreAsync(_volume.StatePath, _abandoned.Token));
            if (self is null)
            {
                _status.TryChange(v => v with { State = PodState.Waiting, Phases = _clock.Phases });
                return;
            }

            activated = Begin(self, mayBeStarting: true);
        }
        catch (Exception e) when (e is TemplatingException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            await EndAsync(e);
            return;
        }

        await activated.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Makes it a clone; returns when its guest confirmed that. Cancelling leaves the activation going on: whoever asks again
    /// with the same request id gets its result.
    /// </summary>
    /// <exception cref="TemplatingException">IllegalState, RequestIdReused, InvalidArgument; then nothing has changed. Else what ended the pod.</exception>
    public async Task<PodView> ActivateAsync(PodActivation activation, CancellationToken cancellationToken) =>
        await Begin(activation, mayBeStarting: false).WaitAsync(cancellationToken);

    /// <summary>Legal in Ready. A guest that ends in order ends its commands by GuestStopped, whichever is noticed first.</summary>
    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ReadOnlyMemory<byte>>? input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var vm = RequireVm(PodOperation.Exec);
        await using var outputs = vm.Guest.ExecAsync(command, input, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(outputs, cancellationToken))
        {
            // A guest that powers off ends its programs before itself.
            if (outputs.Current is ExecExited { Signal: not null })
            {
                await ThrowIfEndsAsync(cancellationToken);
            }

            yield return outputs.Current;
        }
    }

    /// <summary>Legal while there is a VM.</summary>
    public IConsole OpenConsole() => RequireVm(PodOperation.Console).Console;

    public async Task<VmMemory?> ReadMemoryAsync(CancellationToken cancellationToken) =>
        PodOperations.Legal[PodOperation.ReadMemory].Contains(View.State) && _vm is { } vm ? await vm.ReadMemoryAsync(cancellationToken) : null;

    /// <summary>
    /// Asks the guest to power off, and kills it when it has not done so in time. One that nobody has yet is killed at once.
    /// Another call waits for the first.
    /// </summary>
    public Task StopAsync(TimeSpan grace)
    {
        lock (_lock)
        {
            return _stopping ??= StopOnceAsync(grace);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_vm is { } vm)
        {
            await vm.KillAsync();
            await vm.DisposeAsync();
        }

        _abandoned.Dispose();
    }

    private async Task<IVm> PrepareAsync(CancellationToken cancellationToken)
    {
        if (Compatibility.FindMismatch(_volume.Manifest, await _vmm.ProbeAsync(refresh: false, cancellationToken)) is { } mismatch)
        {
            throw new TemplatingException(ErrorCode.TemplateStale, $"{_volume.Name} cannot go on here: {mismatch}");
        }

        var vm = await _clock.RunAsync("qemu_start", () => _vmm.PrepareAsync(
            new PrepareRequest
            {
                Folder = new VmFolder(_options.RunFolder),
                Machine = _volume.Manifest.Machine,
                MemoryPath = _volume.MemoryPath,
                ImagePaths = _volume.ImagePaths,
                Network = View.Network,
                Generation = View.Generation,
            },
            cancellationToken));
        vm.Guest.Expect(_volume.Manifest.Agent);
        _options.Attach?.Invoke(vm.Console);
        _vm = vm;
        _ = WatchExitAsync(vm);
        return vm;
    }

    private Task<PodView> Begin(PodActivation activation, bool mayBeStarting)
    {
        lock (_lock)
        {
            var digest = activation.Digest();
            if (_activation is { } first && first.RequestId is { } id && id == activation.RequestId)
            {
                return string.Equals(first.Digest, digest, StringComparison.Ordinal)
                    ? first.Result
                    : throw new TemplatingException(
                        ErrorCode.RequestIdReused, $"Request id {id} was used before for another activation. Use a new id for a new request.");
            }

            if (!(mayBeStarting && View.State == PodState.Starting))
            {
                PodOperations.Require(PodOperation.Activate, View);
            }

            RequireFreePorts(activation);
            if (_stopping is not null || !_status.TryChange(
                v => v with { State = PodState.Activating, Id = activation.Id, RequestId = activation.RequestId, Phases = _clock.Phases }))
            {
                throw new TemplatingException(ErrorCode.ShuttingDown, "The pod is stopping.");
            }

            var result = Task.Run(() => RunActivationAsync(activation));
            _activation = (activation.RequestId, digest, result);
            return result;
        }
    }

    private async Task<PodView> RunActivationAsync(PodActivation activation)
    {
        try
        {
            await _clock.RunAsync("resume", () => ResumeAsync(activation));
            var confirmation = await _clock.RunAsync("identity", () => _vm!.Guest.IdentifyAsync(
                new GuestIdentity
                {
                    Id = activation.Id,
                    Hostname = activation.Hostname ?? activation.Id,
                    MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                    Clock = _time,
                    Mac = View.Mac,
                    Seed = RandomNumberGenerator.GetBytes(32),
                    Environment = activation.Environment,
                    UserData = activation.UserData,
                    Files = activation.Files,
                },
                activation.IdentityTimeout,
                _abandoned.Token));
            _status.TryChange(v => v with { State = PodState.Ready, Identity = confirmation, Phases = _clock.Phases, ReadyAt = _time.GetUtcNow() });
            return View;
        }
        catch (Exception e) when (e is TemplatingException or IOException or OperationCanceledException)
        {
            await EndAsync(e);
            throw;
        }
    }

    private async Task ResumeAsync(PodActivation activation)
    {
        foreach (var forward in activation.Forwards)
        {
            await _vm!.AddForwardAsync(forward, _abandoned.Token);
        }

        if (activation.Forwards.Count > 0)
        {
            _status.TryChange(v => v with { Network = v.Network with { Forwards = [.. v.Network.Forwards, .. activation.Forwards] } });
        }

        await _vm!.ResumeAsync(_abandoned.Token);
    }

    private void RequireFreePorts(PodActivation activation)
    {
        var taken = View.Network.Forwards.Select(f => f.HostPort).ToHashSet();
        var faults = activation.Forwards.Index().Where(f => !taken.Add(f.Item.HostPort)).Select(f => new FieldViolation(
            $"forwards[{f.Index}].host_port", $"{f.Item.HostPort} leads to the guest already.")).ToList();
        if (faults.Count > 0)
        {
            throw new TemplatingException(faults);
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<ExecOutput> outputs, CancellationToken cancellationToken)
    {
        try
        {
            return await outputs.MoveNextAsync();
        }
        catch (TemplatingException e) when (e.Code is ErrorCode.GuestAgentFailed or ErrorCode.QemuExited)
        {
            await ThrowIfEndsAsync(cancellationToken);
            throw;
        }
    }

    /// <summary>Waits for an end that is near, and tells it.</summary>
    private async Task ThrowIfEndsAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(EndLimit);
        await ((Task)Ended).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (Ended.IsCompleted && await Ended is { } end)
        {
            throw new TemplatingException(end.InOrder ? ErrorCode.GuestStopped : ErrorCode.QemuExited, $"The VM ended: {end.Reason}.");
        }
    }

    private IVm RequireVm(PodOperation operation)
    {
        PodOperations.Require(operation, View);
        return _vm ?? throw new TemplatingException(ErrorCode.IllegalState, "The pod's VM is not there yet.");
    }

    private async Task StopOnceAsync(TimeSpan grace)
    {
        await Task.Yield();
        if (View.State is PodState.Starting or PodState.Waiting)
        {
            // Paused: it could not hear the power button, and there is nothing in it yet to be lost.
            grace = TimeSpan.Zero;
            await _abandoned.CancelAsync();
        }

        if (_vm is { } vm)
        {
            await vm.StopAsync(grace, CancellationToken.None);
        }

        await Ended;
    }

    /// <summary>A step failed: the VM is ended, and the step's failure is the reason, unless it was told to stop.</summary>
    private async Task EndAsync(Exception failure)
    {
        var told = _stopping is not null;
        Conclude(told ? PodState.Stopped : PodState.Failed, told, told ? "told to stop" : failure.Message);
        if (_vm is { } vm)
        {
            await vm.KillAsync();
        }
    }

    private async Task WatchExitAsync(IVm vm)
    {
        var exit = await vm.Exited;
        if (_activation is { Result.IsCompleted: false } activation)
        {
            // It tells more: at which step, and what the guest printed last.
            await ((Task)activation.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (exit.Panicked)
        {
            Conclude(PodState.Failed, inOrder: false, "the guest's kernel panicked");
        }
        else if (exit.GuestRequested)
        {
            Conclude(PodState.Stopped, inOrder: true, exit.Reason);
        }
        else if (_stopping is not null)
        {
            var waited = View.State is PodState.Starting or PodState.Waiting;
            Conclude(PodState.Stopped, waited, waited ? "told to stop" : "told to stop; the guest did not power off in time and was killed");
        }
        else
        {
            Conclude(PodState.Failed, inOrder: false, exit.StandardError.Length > 0 ? $"{exit.Reason} (QEMU said: {exit.StandardError})" : exit.Reason);
        }
    }

    /// <summary>The first one counts.</summary>
    private void Conclude(PodState state, bool inOrder, string reason)
    {
        if (_status.TryChange(v => PodOperations.IsEnd(v.State) ? v : v with { State = state, StateReason = reason, Phases = _clock.Phases }))
        {
            _ended.TrySetResult(new PodEnd(inOrder, reason));
        }
    }
}

using System.Runtime.CompilerServices;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Requests;
using Templating.Core.Vms;

namespace Templating.Node.PodProcess;

/// <summary>The one VM of a pod, from the volume to its end. It is activated once; a failure at any step ends it.</summary>
internal sealed class PodVm : IAsyncDisposable
{
    /// <summary>Between the end of a command that the guest's own end has killed, and the news of that end.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private const string Name = "the pod's VM";

    /// <summary>Within the run folder: that one is a volume, made by the kubelet and owned by root.</summary>
    private const string OwnFolder = "vm";

    private readonly RequestLog<VmView> _requests = new(isThere: _ => true);
    private readonly VmLife _life;
    private volatile bool _begun;

    /// <param name="vmm">Starts QEMU.</param>
    /// <param name="volume">What it goes on from.</param>
    /// <param name="runFolder">Where QEMU's sockets go; memory-backed in a pod.</param>
    /// <param name="forwards">Ports of the pod that lead to the guest from the start.</param>
    /// <param name="time">The clock.</param>
    /// <param name="attach">Gets the guest's console before its first byte; must not wait.</param>
    public PodVm(
        IVmm vmm, PodVolume volume, string runFolder, IReadOnlyList<PortForward> forwards, TimeProvider time, Action<IConsole>? attach = null)
    {
        var clock = new PhaseClock(time, "pod", (_, _, _) => { });
        var status = new VmStatus(new VmView
        {
            State = VmState.Prepared,
            Generation = Guid.NewGuid(),
            Network = new NetworkSpec(volume.Manifest.Spec.Network.Outbound, forwards),
        });
        var birth = new VmBirth { Name = Name, Source = volume.Source, Folder = new VmFolder(Path.Combine(runFolder, OwnFolder)), Attach = attach };
        _life = new VmLife(Name, birth.Holdings, status, new VmStart(vmm, birth, status, clock, time), time);
    }

    public VmView View => _life.View;

    /// <summary>Its pod's address; empty where nobody told it.</summary>
    public string Ip { get; init; } = "";

    /// <summary>Completes when the VM is gone, or could not be started. Never faults.</summary>
    public Task<VmEnd?> Ended => _life.Ended;

    public IAsyncEnumerable<VmView> WatchAsync(CancellationToken cancellationToken) => _life.WatchAsync(cancellationToken);

    /// <summary>Starts QEMU and restores the state. Then it waits, or becomes at once what <paramref name="self"/> says.</summary>
    /// <returns>The end of the start, of the activation too. Never faults: what fails is told by <see cref="Ended"/>.</returns>
    public async Task StartAsync(Activation? self)
    {
        _begun = true;
        _life.Begin(self);
        await (self is null ? _life.Restored : _life.Ready).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// Makes it a clone; returns when its guest confirmed that. Cancelling leaves the activation going on: whoever asks again
    /// with the same request id gets its result.
    /// </summary>
    /// <exception cref="TemplatingException">IllegalState, RequestIdReused, InvalidArgument; then nothing has changed. Else what ended the pod.</exception>
    public Task<VmView> ActivateAsync(Activation activation, CancellationToken cancellationToken) =>
        _requests.RunAsync(
            "", activation.RequestId, activation.Digest(), _ => _life.ActivateAsync(activation), CancellationToken.None)
            .WaitAsync(cancellationToken);

    /// <summary>Legal when it is ready. A guest that ends in order ends its commands by GuestStopped, whichever is noticed first.</summary>
    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var vm = _life.Require(VmOperation.Exec);
        if (View.ReadyAt is null)
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"Exec of {Name} is not possible: its guest has not confirmed yet who it is.");
        }

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

    /// <summary>Legal once it is restored, and after its end for as long as the pod's process is there.</summary>
    public IConsole OpenConsole() => _life.OpenConsole()!;

    public Task<VmMemory?> ReadMemoryAsync(CancellationToken cancellationToken) => _life.ReadMemoryAsync(cancellationToken);

    /// <summary>Empty while there is no VM to look at.</summary>
    public Task<IReadOnlyList<IReadOnlyList<FileRange>>> ReadUsedAsync() => _life.ReadUsedAsync();

    /// <summary>
    /// Asks the guest to power off, and kills it when it has not done so in time. One that nobody has yet is killed at once.
    /// Another call can only hurry it.
    /// </summary>
    public Task StopAsync(TimeSpan grace) => _life.EndAsync(grace);

    /// <summary>Ends it. One that was never begun, because its socket could not be made, has nothing to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_begun)
        {
            await _life.EndAsync(TimeSpan.Zero);
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
}

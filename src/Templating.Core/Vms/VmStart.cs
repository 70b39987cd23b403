using System.Diagnostics;
using System.Security.Cryptography;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>
/// The way of a VM from admitted to ready, top to bottom: queue, verify, bind or qemu_start, restore; then resume and identity, which
/// make it a clone of its own. Each step is a span and a phase. Who calls it ends the VM when a step throws.
/// It may rest after qemu_start and after restore, until somebody wants it.
/// </summary>
internal sealed class VmStart(IVmm vmm, VmBirth birth, VmStatus status, PhaseClock clock, TimeProvider time)
{
    private PhaseClock _clock = clock;
    private bool _isIdle = birth.IsIdle;
    private bool _hasWaited;
    private Turn? _turn;

    /// <summary>Null until QEMU answers. Given to a start that goes on with what another process began.</summary>
    public IVm? Vm { get; set; }

    public PhaseClock Clock => _clock;

    /// <summary>Of one that waited: that it still answers. What it is told first goes out beside this question, and its CPUs do not run before the answer.</summary>
    public Task Answer { get; set; } = Task.CompletedTask;

    /// <summary>From here on somebody waits for it, whose clock counts.</summary>
    public void HandOver(PhaseClock clock)
    {
        // One that is restored needs no page of its files before its CPUs run, and nothing is to hold up that.
        (_clock, _isIdle, _hasWaited) = (clock, false, status.View.State == VmState.Restored);
        if (!_hasWaited)
        {
            // It may have waited for long.
            _ = birth.FirstPages?.Fetch(birth.Source);
        }
    }

    /// <summary>Until QEMU answers and waits for the frozen state.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await TakeTurnAsync(cancellationToken);
        _ = birth.FirstPages?.Fetch(birth.Source);
        if (birth.Source.EnsureVerified is { } verify)
        {
            using var elsewhere = _turn?.Await();
            await _clock.RunAsync("verify", () => verify(cancellationToken));
        }

        Vm = await TryBindAsync(cancellationToken) ?? await _clock.RunAsync("qemu_start", () => StartQemuAsync(cancellationToken));
        Vm.Guest.Expect(birth.Source.Manifest.Agent);
        birth.Attach?.Invoke(Vm.Console);
    }

    /// <summary>Until it is paused at the frozen moment.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        if (Vm is null)
        {
            await PrepareAsync(cancellationToken);
        }
        else
        {
            await TakeTurnAsync(cancellationToken);
        }

        // QEMU took free ports when it started; asking which ones overlaps with the restore.
        var ports = status.View.Network.Forwards.All(f => f.HostPort != 0)
            ? Task.FromResult(status.View.Network.Forwards)
            : Vm!.QueryForwardsAsync(cancellationToken);
        await _clock.RunAsync("restore", () => IfItAnswersAsync(Vm!.RestoreAsync(cancellationToken)));
        var forwards = await ports;
        status.TryChange(v => v with
        {
            State = VmState.Restored,
            Pid = Vm!.Process.Pid,
            Network = v.Network with { Forwards = forwards },
            Phases = _clock.Phases,
            Total = _clock.Elapsed,
        });
    }

    /// <summary>Until its CPUs run.</summary>
    public async Task ResumeAsync(Activation activation, CancellationToken cancellationToken)
    {
        var forwards = activation.Forwards;
        await _clock.RunAsync("resume", async () =>
        {
            // All at once: QEMU takes them in order.
            await IfItAnswersAsync(Task.WhenAll(activation.Forwards.Select(forward => Vm!.AddForwardAsync(forward, cancellationToken)).ToList()));
            if (activation.Forwards.Any(forward => forward.HostPort == 0))
            {
                forwards = await ChosenAsync(activation.Forwards, cancellationToken);
            }

            await Vm!.ResumeAsync(cancellationToken);
        });
        if (_hasWaited)
        {
            _ = birth.FirstPages?.Fetch(birth.Source);
        }

        status.TryChange(v => v with
        {
            State = VmState.Running,
            Network = v.Network with { Forwards = [.. v.Network.Forwards, .. forwards] },
            Phases = _clock.Phases,
            Total = _clock.Elapsed,
        });
    }

    /// <summary>Until its guest has confirmed who it is.</summary>
    public async Task IdentifyAsync(Activation activation, CancellationToken cancellationToken)
    {
        // A guest that does not answer must not hold up the starts of others.
        using var stranger = _turn?.Await();
        var confirmation = await _clock.RunAsync("identity", () => Vm!.Guest.IdentifyAsync(
            new GuestIdentity
            {
                Id = activation.Id,
                Hostname = activation.Inputs.Hostname ?? activation.Id,
                MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                Clock = time,
                Seed = RandomNumberGenerator.GetBytes(32),
                Environment = activation.Inputs.Environment,
                UserData = activation.Inputs.UserData,
                Files = activation.Inputs.Files,
            },
            activation.Inputs.IdentityTimeout,
            cancellationToken));
        Activity.Current?.SetTag("templating.clone.kernel_reseeded", confirmation.KernelReseeded);
        status.TryChange(v => v with
        {
            Identity = confirmation,
            ReadyAt = time.GetUtcNow(),
            Phases = _clock.Phases,
            Total = _clock.Elapsed,
        });
        _ = birth.FirstPages?.Learn(birth.Source, Vm!);
    }

    /// <summary>Lets the next one start. Safe to call again.</summary>
    public void GiveTurnBack() => _turn?.Dispose();

    /// <summary>One that is silent is not waited for as long as what it was told might take: that ends with the VM.</summary>
    private async Task IfItAnswersAsync(Task work)
    {
        try
        {
            await Answer;
        }
        catch
        {
            _ = work.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }

        await work;
    }

    /// <summary>Takes a VM that waits. Null where there is none, and where it turns out to be good for nothing.</summary>
    private async Task<IVm?> TryBindAsync(CancellationToken cancellationToken)
    {
        var (machine, images) = (birth.Source.Manifest.Machine, birth.Source.ImagePaths.Count);
        if (birth.Blanks is null)
        {
            return null;
        }

        birth.Source.RequireCompatible(await vmm.ProbeAsync(refresh: false, cancellationToken));
        if (birth.Blanks.Take(machine, images, status.View.Network) is not { } blank)
        {
            return null;
        }

        try
        {
            return await _clock.RunAsync("bind", async () =>
            {
                FileSystem.MakeFolder(birth.Folder.Path, FileSystem.OwnerOnlyFolder);
                var vm = await blank.BindAsync(RequestOf(blank.User?.User, blank.Generation), cancellationToken);
                birth.Holdings.User = blank.User;
                status.TryChange(view => view with { Generation = blank.Generation });
                return vm;
            });
        }
        catch (Exception e) when (e is TemplatingException or IOException or UnauthorizedAccessException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever it was, who has it logs it; a start of its own tells what the fault of the request is.
            return null;
        }
    }

    private async Task TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (birth.Turns is { } turns)
        {
            var tenant = birth.Source.Name.Template.Tenant;
            _turn = await _clock.RunAsync("queue", () => _isIdle ? turns.TakeIdleAsync(tenant, cancellationToken) : turns.TakeAsync(tenant, cancellationToken));
        }
    }

    /// <summary>With the ports that QEMU chose: of those it has now, the ones that were not there before.</summary>
    private async Task<IReadOnlyList<PortForward>> ChosenAsync(IReadOnlyList<PortForward> asked, CancellationToken cancellationToken)
    {
        var open = (await Vm!.QueryForwardsAsync(cancellationToken)).Except(status.View.Network.Forwards).Except(asked).ToList();
        return
        [
            .. asked.Select(forward =>
            {
                var at = forward.HostPort != 0 ? -1 : open.FindIndex(o => o.GuestPort == forward.GuestPort && o.HostAddress == forward.HostAddress);
                if (at < 0)
                {
                    return forward;
                }

                var chosen = open[at];
                open.RemoveAt(at);
                return chosen;
            }),
        ];
    }

    private async Task<IVm> StartQemuAsync(CancellationToken cancellationToken)
    {
        birth.Source.RequireCompatible(await vmm.ProbeAsync(refresh: false, cancellationToken));
        birth.Holdings.User = birth.Rent is { } rent ? await rent(cancellationToken) : null;
        FileSystem.MakeFolder(birth.Folder.Path, FileSystem.OwnerOnlyFolder);
        return await vmm.PrepareAsync(RequestOf(birth.Holdings.User?.User, status.View.Generation), cancellationToken);
    }

    private PrepareRequest RequestOf(VmUser? user, Guid generation) => new()
    {
        Folder = birth.Folder,
        Machine = birth.Source.Manifest.Machine,
        MemoryPath = birth.Source.MemoryPath,
        StatePath = birth.Source.StatePath,
        ImagePaths = birth.Source.ImagePaths,
        Network = status.View.Network,
        Generation = generation,
        User = user,
        Cgroups = birth.Cgroups,
    };
}

using System.Diagnostics;
using System.Security.Cryptography;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.Core.Clones;

/// <summary>
/// The way of a clone from admitted to ready: queue, verify, qemu_start, restore, resume, identity. Whoever calls it
/// removes the clone when it throws.
/// </summary>
internal sealed class CloneStarter(
    IVmm vmm, TemplateStore store, VmUserPool? users, CloneOptions options, TemplatingMetrics metrics, TimeProvider time)
    : IDisposable
{
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentStarts);

    /// <summary>Until the virtual CPUs run. The caller then calls <see cref="StartedClone.IdentifyAsync"/>.</summary>
    public async Task<StartedClone> StartAsync(
        Clone clone, CreateClone request, Revision revision, CancellationToken cancellationToken)
    {
        var clock = new PhaseClock(time, "clone", metrics.ClonePhase);
        await clock.RunAsync("queue", () => _slots.WaitAsync(cancellationToken));
        var started = new StartedClone(clone, request, clock, _slots, time);
        try
        {
            await clock.RunAsync("verify", () => store.EnsureVerifiedAsync(revision, cancellationToken));
            var vm = await clock.RunAsync("qemu_start", () => PrepareAsync(clone, revision, cancellationToken));
            clone.Update(r => r with { Process = vm.Process, View = r.View with { Pid = vm.Process.Pid } });

            // QEMU took the ports when it started; asking which ones overlaps with the restore.
            var ports = clone.View.Network.Forwards.Count == 0
                ? Task.FromResult(clone.View.Network.Forwards)
                : vm.QueryForwardsAsync(cancellationToken);
            await clock.RunAsync("restore", () => vm.RestoreAsync(revision.StatePath, cancellationToken));
            await clock.RunAsync("resume", () => vm.ResumeAsync(cancellationToken));
            var forwards = await ports;
            clone.Update(r => r with
            {
                View = r.View with
                {
                    State = CloneState.Running,
                    Network = r.View.Network with { Forwards = forwards },
                    Phases = clock.Phases,
                    Total = clock.Elapsed,
                },
            });
            return started;
        }
        catch
        {
            started.Dispose();
            throw;
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task<IVm> PrepareAsync(Clone clone, Revision revision, CancellationToken cancellationToken)
    {
        var user = users?.Rent();
        clone.Update(r => r with { User = user });
        Directory.CreateDirectory(clone.Folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        clone.Vm = await vmm.PrepareAsync(
            new PrepareRequest
            {
                Folder = clone.Folder,
                Machine = revision.Manifest.Machine,
                MemoryPath = revision.MemoryPath,
                ImagePaths = [.. revision.Manifest.Images.Select(store.ImagePath)],
                Network = clone.View.Network,
                Generation = clone.View.Generation,
                User = user,
            },
            cancellationToken);
        clone.Vm.Guest.Expect(revision.Manifest.Agent);
        return clone.Vm;
    }
}

/// <summary>A clone whose CPUs run and whose guest does not know yet who it is. Disposing gives its start slot back.</summary>
internal sealed class StartedClone(
    Clone clone, CreateClone request, PhaseClock clock, SemaphoreSlim slots, TimeProvider time) : IDisposable
{
    private int _disposed;

    public TimeSpan Elapsed => clock.Elapsed;

    public async Task IdentifyAsync(CancellationToken cancellationToken)
    {
        var confirmation = await clock.RunAsync("identity", () => clone.Vm!.Guest.IdentifyAsync(
            new GuestIdentity
            {
                Id = clone.Name.Id,
                Hostname = request.Hostname ?? clone.Name.Id,
                MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                Clock = time,
                Mac = clone.View.Mac,
                Seed = RandomNumberGenerator.GetBytes(32),
                Environment = request.Environment,
                UserData = request.UserData,
                Files = request.Files,
            },
            request.IdentityTimeout,
            cancellationToken));
        clone.Update(r => r with
        {
            View = r.View with
            {
                Identity = confirmation,
                ReadyAt = time.GetUtcNow(),
                Phases = clock.Phases,
                Total = clock.Elapsed,
            },
        });
        Activity.Current?.SetTag("templating.clone.kernel_reseeded", confirmation.KernelReseeded);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            slots.Release();
        }
    }
}

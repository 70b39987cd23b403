using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Building;

/// <summary>
/// One build: resolve, import, boot, ready, warm_up, freeze, seal. Whatever happens, its VM is gone and its files are either
/// published or removed when this returns.
/// </summary>
internal sealed class TemplateBuilder(VmParts parts, TemplateStore store, StoreQuota quota, PoolRoom room, BuildOptions options)
{
    public async Task<Revision> BuildAsync(
        CreateTemplate request, Turn turn, IProgress<BuildProgress>? progress, CancellationToken cancellationToken)
    {
        var tenant = request.Name.Tenant;
        var clock = new PhaseClock(parts.Time, "template", parts.Metrics.BuildPhase);
        void Tell(BuildPhase phase, string message) => progress?.Report(new BuildProgress(phase, message, clock.Elapsed));

        var spec = request.Spec;
        Tell(BuildPhase.Resolve, "Checking the guest's files and what this node can do");
        var machine = await clock.RunAsync(
            "resolve", () => parts.Vmm.ResolveAsync(spec.Machine, spec.Guest.ImageFiles().Count, spec.Sandbox, cancellationToken));
        using var charge = await room.ChargeAsync(tenant, machine.MemoryBytes, cancellationToken);
        using var space = quota.Reserve(tenant, machine.MemoryBytes);
        using var rented = await room.RentAsync(tenant, cancellationToken);
        var user = rented?.User;
        var folder = VmFolder.NewIn(options.BuildsFolder);
        try
        {
            FileSystem.MakeFolder(folder.Path, FileSystem.OwnerOnlyFolder);
            using var staged = store.Stage(machine.MemoryBytes, user, tenant);
            var (kernel, initrd) = InputsIn(staged.MakeInputsFolder());
            var inputs = await clock.RunAsync("import", () => ImportAsync(
                request, turn, staged,
                new GuestFileCopy(kernel, FileLimits.MaxKernelBytes, BootFiles.KernelProblem, user),
                new GuestFileCopy(initrd, FileLimits.MaxInitrdBytes, BootFiles.InitrdProblem, user), cancellationToken));
            space.AddImages(inputs.Images);
            Tell(BuildPhase.Boot, $"Booting {machine.MachineType} under {machine.Accelerator} in QEMU {machine.QemuVersion}");
            var boot = new BootRequest
            {
                Folder = folder,
                Machine = machine,
                MemoryPath = staged.MemoryPath,
                StatePath = staged.StatePath,
                KernelPath = kernel,
                InitrdPath = inputs.Initrd is null ? null : initrd,
                CommandLine = spec.Guest.CommandLine,
                ImagePaths = [.. inputs.Images.Select(store.ImagePath)],

                // A template has nothing to say to the world; its forwarded ports belong to its clones.
                Network = spec.Network with { Forwards = [] },
                User = user,
            };
            IVm? vm = null;
            ReadyGuest guest;
            try
            {
                vm = await clock.RunAsync("boot", () => parts.Vmm.BootAsync(boot, cancellationToken));
                using (turn.Await())
                {
                    guest = await RunGuestAsync(vm, spec, clock, Tell, cancellationToken);
                }

                Tell(BuildPhase.Freeze, "Stopping the VM and saving its devices; its agent is " + (guest.Agent == GuestAgentKind.Templating
                    ? "templating-guest" : "qemu-guest-agent, which does what clones need; templating-guest did not come, and would be faster"));
                await clock.RunAsync("freeze", () => vm.FreezeAsync(cancellationToken));
            }
            catch (TemplatingException e) when (e.Code is ErrorCode.QemuExited or ErrorCode.QemuRefused or ErrorCode.QmpFailed or ErrorCode.DiskFull && staged.FindDiskFull(e) is { } full)
            {
#pragma warning disable MA0027 // It is another exception: the caught one is its cause.
                throw full;
#pragma warning restore MA0027
            }
            finally
            {
                if (vm is not null)
                {
                    await vm.KillAsync();
                    await vm.DisposeAsync();
                }
            }

            Tell(BuildPhase.Seal, "Dropping zero pages, hashing and publishing");
            return await clock.RunAsync("seal", () => staged.PublishAsync(
                (memory, state) => new Manifest
                {
                    FormatVersion = 1,
                    Tenant = request.Name.Tenant,
                    Template = request.Name.Name,
                    CreatedAt = store.NextCreation(request.Name, parts.Time.GetUtcNow()),
                    RequestId = request.RequestId?.ToString(),
                    Spec = spec,
                    Machine = machine,
                    Agent = guest.Agent,
                    FailedUnits = guest.FailedUnits.Count == 0 ? null : guest.FailedUnits,
                    Memory = memory,
                    State = state,
                    Images = inputs.Images,
                    Kernel = inputs.Kernel,
                    Initrd = inputs.Initrd,
                    PhaseMilliseconds = clock.Phases.ToDictionary(
                        p => p.Name, p => Math.Round(p.Duration.TotalMilliseconds, 1), StringComparer.Ordinal),
                },
                cancellationToken));
        }
        finally
        {
            FileSystem.RemoveTree(folder.Path);
        }
    }

    private static (string Kernel, string Initrd) InputsIn(string folder) => (Path.Combine(folder, "kernel"), Path.Combine(folder, "initrd"));

    private async Task<Inputs> ImportAsync(
        CreateTemplate request, Turn turn, StagedRevision staged, GuestFileCopy kernelCopy, GuestFileCopy initrdCopy, CancellationToken cancellationToken)
    {
        var guest = request.Spec.Guest;
        using var files = new GuestInputs(request.Name.Tenant, options.PolicyFor(request), options.Downloads, turn);
        var images = new List<FileDigest>();
        foreach (var (index, image) in guest.ImageFiles().Index())
        {
            images.Add(await files.ReadAsync(
                GuestSpec.Field("image", guest.ImageSources is not null, index), image,
                (_, path, policy) => staged.ImportImageAsync(path, policy, cancellationToken), cancellationToken));
        }

        var kernel = await CopyAsync(GuestSpec.Field("kernel", guest.KernelSource is not null), guest.KernelFile(), kernelCopy);
        var initrd = guest.InitrdFile() is { } source
            ? await CopyAsync(GuestSpec.Field("initrd", guest.InitrdSource is not null), source, initrdCopy)
            : null;
        return new Inputs(images, kernel, initrd);

        Task<FileDigest> CopyAsync(string field, FileSource file, GuestFileCopy copy) => files.ReadAsync(
            field, file, (at, path, policy) => copy.CopyAsync(at, path, policy, cancellationToken), cancellationToken);
    }

    private async Task<ReadyGuest> RunGuestAsync(
        IVm vm, TemplateSpec spec, PhaseClock clock, Action<BuildPhase, string> tell, CancellationToken cancellationToken)
    {
        var deadline = parts.Time.GetTimestamp() + (long)(spec.Readiness.Timeout.TotalSeconds * parts.Time.TimestampFrequency);
        TimeSpan Left() => parts.Time.GetElapsedTime(parts.Time.GetTimestamp(), deadline);
        tell(BuildPhase.Boot, $"Waiting up to {spec.Readiness.Timeout.TotalSeconds:0} s for the guest's agent");
        var guest = await clock.RunAsync("ready", async () =>
        {
            var agent = await vm.Guest.WaitReadyAsync(spec.Readiness.Timeout, cancellationToken);
            if (spec.Readiness.WaitForBoot is false)
            {
                return new ReadyGuest(agent, []);
            }

            tell(BuildPhase.Boot, "Waiting until the guest has booted, where its systemd can say so");
            return new ReadyGuest(agent, await GuestBoot.WaitAsync(vm, Left(), parts.Time, cancellationToken));
        });
        if (guest.FailedUnits.Count > 0)
        {
            tell(BuildPhase.Boot, "The guest has booted and is degraded. " + SystemdUnits.Words("Failed units", guest.FailedUnits).TrimEnd());
        }

        await clock.RunAsync("warm_up", async () =>
        {
            for (var i = 0; i < spec.Readiness.WarmUp.Count; i++)
            {
                var command = spec.Readiness.WarmUp[i];
                tell(BuildPhase.WarmUp, $"Warming up ({i + 1} of {spec.Readiness.WarmUp.Count}): {string.Join(' ', command)}");
                await WarmUp.RunAsync(vm, command, Left(), parts.Time, cancellationToken);
            }

            guest = guest with { Agent = await vm.Guest.SettleAsync(cancellationToken) };
            await Task.Delay(options.Settle, parts.Time, cancellationToken);
        });
        return guest;
    }

    private sealed record ReadyGuest(GuestAgentKind Agent, IReadOnlyList<string> FailedUnits);

    private sealed record Inputs(IReadOnlyList<FileDigest> Images, FileDigest Kernel, FileDigest? Initrd);
}

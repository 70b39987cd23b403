using Templating.Contract;
using Templating.Core.Building;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Templates;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests about templates. The rules of a spec are Core's; here is what only the wire can get wrong.</summary>
internal static class TemplateReader
{
    public static CreateTemplate Create(V1.CreateTemplateRequest request, Caller caller, TimeSpan readinessTimeout)
    {
        var faults = new Faults();
        faults.RequireLabel("tenant", request.Tenant);
        if (Labels.IsLabel(request.Tenant))
        {
            caller.Require(request.Tenant);
        }

        faults.RequireLabel("template", request.Template);
        var limit = request.HasRevisionHistoryLimit ? request.RevisionHistoryLimit : Defaults.HistoryLimit;
        faults.Require(limit is >= -1 and <= 1000, "revision_history_limit", $"{limit} is not between -1, which means all, and 1000.");
        var create = new CreateTemplate
        {
            Name = new TemplateName(request.Tenant, request.Template),
            Spec = Spec(request.Spec, readinessTimeout, faults),
            RequestId = FieldReader.RequestId(request.RequestId, faults),
            AnyPath = caller.IsHostRoot,
            RevisionHistoryLimit = limit == -1 ? null : limit,
        };
        faults.AddRange(TemplateSpecValidator.Validate(create.Spec));
        faults.ThrowIfAny();
        return create;
    }

    private static TemplateSpec Spec(V1.TemplateSpec? spec, TimeSpan readinessTimeout, Faults faults)
    {
        var guest = spec?.Guest ?? new V1.GuestSpec();
        var machine = spec?.Machine ?? new V1.MachineSpec();
        var readiness = spec?.Readiness ?? new V1.ReadinessSpec();
        return new TemplateSpec
        {
            Guest = new GuestSpec
            {
                KernelPath = guest.KernelPath,
                InitrdPath = guest.InitrdPath.Length == 0 ? null : guest.InitrdPath,
                CommandLine = guest.CommandLine,
                ImagePaths = [.. guest.ImagePaths],
                KernelSource = Source(guest.Kernel),
                InitrdSource = Source(guest.Initrd),
                ImageSources = guest.Images.Count == 0 ? null : [.. guest.Images.Select(image => Source(image)!)],
            },
            Machine = Machine(machine, faults),
            Readiness = new ReadinessSpec
            {
                Timeout = FieldReader.Duration(
                    "spec.readiness.timeout", readiness.Timeout, Timeouts.Least, Timeouts.MostReadiness, faults)
                    ?? readinessTimeout,
                WaitForBoot = readiness.HasWaitForBoot ? readiness.WaitForBoot : null,
                WarmUp = [.. readiness.WarmUp.Select(command => (IReadOnlyList<string>)[.. command.Arguments])],
            },
            // Its rules are among those of the spec.
            Network = spec?.Network is { } network
                ? NetworkMapping.FromWire(network)
                : new NetworkSpec(Outbound: false, []),
            Sandbox = spec?.Sandbox ?? false,
        };
    }

    private static FileSource? Source(V1.FileSource? wire) => wire is null ? null : new FileSource
    {
        Path = Given(wire.Path),
        Url = Given(wire.Url),
        Sha256 = Given(wire.Sha256),
    };

    private static string? Given(string text) => text.Length == 0 ? null : text;

    private static MachineSpec Machine(V1.MachineSpec wire, Faults faults)
    {
        var defaults = new MachineSpec();
        faults.Require(
            Enum.IsDefined(wire.Accelerator), "spec.machine.accelerator", $"{(int)wire.Accelerator} is not known; use KVM or TCG, or leave it out.");
        return new MachineSpec
        {
            Vcpus = wire.Vcpus == 0 ? defaults.Vcpus : wire.Vcpus,
            MemoryBytes = wire.MemoryBytes == 0 ? defaults.MemoryBytes : wire.MemoryBytes,
            MaxVcpus = wire.MaxVcpus == 0 ? null : wire.MaxVcpus,
            MaxMemoryBytes = wire.MaxMemoryBytes == 0 ? null : wire.MaxMemoryBytes,
            MachineType = wire.MachineType.Length == 0 ? defaults.MachineType : wire.MachineType,
            CpuModel = wire.CpuModel.Length == 0 ? null : wire.CpuModel,
            Accelerator = wire.Accelerator switch
            {
                V1.Accelerator.Kvm => Accelerator.Kvm,
                V1.Accelerator.Tcg => Accelerator.Tcg,
                _ => null,
            },
        };
    }
}

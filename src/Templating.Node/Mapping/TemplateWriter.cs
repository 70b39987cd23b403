using Google.Protobuf.WellKnownTypes;
using Templating.Core.Building;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Node.Mapping;

/// <summary>Writes templates as the wire has them.</summary>
internal static class TemplateWriter
{
    public static V1.Template ToWire(TemplateView view)
    {
        var template = new V1.Template
        {
            // A build under way has no revision yet: that is the digest of what it will have made.
            Name = view.Name.Revision.Length == 0 ? view.Name.Template.ToString() : view.Name.ToString(),
            Tenant = view.Name.Template.Tenant,
            Template_ = view.Name.Template.Name,
            Revision = view.Name.Revision,
            State = ToWire(view.State),
            StateReason = view.StateReason,
            AllocatedBytes = view.AllocatedBytes,
            Clones = view.Clones,
            Latest = view.Latest,
        };
        if ((view.Spec ?? view.Manifest?.Spec) is { } spec)
        {
            template.Spec = ToWire(spec);
        }

        if (view.Manifest is { } manifest)
        {
            Fill(template, manifest);
        }

        return template;
    }

    public static V1.CreateTemplateResponse ToWire(BuildProgress step) => new()
    {
        Phase = Phase(step.Phase),
        Message = step.Message,
        Elapsed = Duration.FromTimeSpan(step.Elapsed),
    };

    private static string Phase(BuildPhase phase) => phase switch
    {
        BuildPhase.Resolve => "resolve",
        BuildPhase.Boot => "boot",
        BuildPhase.WarmUp => "warm_up",
        BuildPhase.Freeze => "freeze",
        BuildPhase.Seal => "seal",
        BuildPhase.Done => "done",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, message: null),
    };

    public static V1.Accelerator ToWire(Accelerator accelerator) =>
        accelerator == Accelerator.Kvm ? V1.Accelerator.Kvm : V1.Accelerator.Tcg;

    private static void Fill(V1.Template template, Manifest manifest)
    {
        template.Machine = ToWire(manifest.Machine);
        template.CreateTime = Timestamp.FromDateTimeOffset(manifest.CreatedAt);
        template.Memory = ToWire(manifest.Memory);
        template.DeviceState = ToWire(manifest.State);
        template.Images.AddRange(manifest.Images.Select(ToWire));
        template.Agent = manifest.Agent == GuestAgentKind.Templating ? "templating" : "qemu";
        template.FailedUnits.AddRange(manifest.FailedUnits ?? []);
        template.Phases.AddRange(manifest.PhaseMilliseconds.Select(phase => new V1.Phase
        {
            Name = phase.Key,
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(phase.Value)),
        }));
    }

    private static V1.TemplateState ToWire(TemplateState state) => state switch
    {
        TemplateState.Building => V1.TemplateState.Building,
        TemplateState.Ready => V1.TemplateState.Ready,
        TemplateState.Stale => V1.TemplateState.Stale,
        TemplateState.Corrupt => V1.TemplateState.Corrupt,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, message: null),
    };

    private static V1.TemplateSpec ToWire(TemplateSpec spec) => new()
    {
        Guest = new V1.GuestSpec
        {
            KernelPath = spec.Guest.KernelPath,
            InitrdPath = spec.Guest.InitrdPath ?? "",
            CommandLine = spec.Guest.CommandLine,
            ImagePaths = { spec.Guest.ImagePaths },
            Kernel = ToWire(spec.Guest.KernelSource),
            Initrd = ToWire(spec.Guest.InitrdSource),
            Images = { (spec.Guest.ImageSources ?? []).Select(image => ToWire(image)) },
        },
        Machine = new V1.MachineSpec
        {
            Vcpus = spec.Machine.Vcpus,
            MemoryBytes = spec.Machine.MemoryBytes,
            MaxVcpus = spec.Machine.MaxVcpus ?? 0,
            MaxMemoryBytes = spec.Machine.MaxMemoryBytes ?? 0,
            MachineType = spec.Machine.MachineType,
            CpuModel = spec.Machine.CpuModel ?? "",
            Accelerator = spec.Machine.Accelerator is { } accelerator ? ToWire(accelerator) : V1.Accelerator.Unspecified,
        },
        Readiness = ToWire(spec.Readiness),
        Network = NetworkMapping.ToWire(spec.Network),
        Sandbox = spec.Sandbox,
    };

    private static V1.ReadinessSpec ToWire(ReadinessSpec readiness)
    {
        var wire = new V1.ReadinessSpec
        {
            Timeout = Duration.FromTimeSpan(readiness.Timeout),
            WarmUp = { readiness.WarmUp.Select(arguments => new V1.Command { Arguments = { arguments } }) },
        };
        if (readiness.WaitForBoot is { } wait)
        {
            wire.WaitForBoot = wait;
        }

        return wire;
    }

    private static V1.FileSource? ToWire(FileSource? source) => source is null
        ? null
        : new V1.FileSource { Path = source.Path ?? "", Url = source.Url ?? "", Sha256 = source.Sha256 ?? "" };

    private static V1.ResolvedMachine ToWire(ResolvedMachine machine) => new()
    {
        QemuVersion = machine.QemuVersion,
        MachineType = machine.MachineType,
        CpuModel = machine.CpuModel,
        Accelerator = ToWire(machine.Accelerator),
        Vcpus = machine.Vcpus,
        MemoryBytes = machine.MemoryBytes,
        MaxVcpus = machine.MaxVcpus ?? machine.Vcpus,
        MaxMemoryBytes = machine.MaxMemoryBytes ?? machine.MemoryBytes,
        Devices = { machine.Devices },
        HostCpu = machine.HostCpu ?? "",
    };

    private static V1.FileDigest ToWire(FileDigest digest) => new() { Size = digest.Size, Sha256 = digest.Sha256 };
}

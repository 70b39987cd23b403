using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Resources;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>What a VMTemplate's spec must be beside its schema: what the node's rules say of it. All faults together.</summary>
internal static class TemplateRules
{
    public static IReadOnlyList<FieldViolation> Check(VMTemplate template)
    {
        var faults = new Faults();
        var (name, spec) = (template.Metadata.Name, template.Spec);
        faults.Require(
            Labels.IsLabel(name) && name.Length <= NodeTemplates.MaxName, "metadata.name",
            $"{Quote.Text(name)} is not a name; use 1 to {NodeTemplates.MaxName} of a-z, 0-9 and '-', with no '-' at the ends.");
        if (spec.Guest is { } guest)
        {
            CheckGuest(faults, guest);
        }

        if (spec.Machine is { } machine)
        {
            CheckMachine(faults, machine);
        }

        faults.Require(
            spec.Sandbox is not true || spec.Network?.Outbound is not true, "spec.network",
            "A sandbox has no network card of its own, so it reaches nothing; leave network.outbound out, since its clones get their pods' cards, or leave sandbox out.");
        faults.AddRange(WarmUpRules.Check(
            "spec.readiness.warmUp", [.. (spec.Readiness?.WarmUp ?? []).Select(c => c?.Command)], i => $"spec.readiness.warmUp[{i}].command"));
        return SpecChecker.Check(spec, faults.All);
    }

    private static void CheckGuest(Faults faults, VMGuest guest)
    {
        CheckSource(faults, "spec.guest.kernel", guest.Kernel);
        CheckSource(faults, "spec.guest.initrd", guest.Initrd);
        foreach (var (index, image) in (guest.Images ?? []).Index())
        {
            CheckSource(faults, $"spec.guest.images[{index}]", image);
        }

        faults.AddRange(CommandLineRules.Check("spec.guest.commandLine", guest.CommandLine ?? ""));
    }

    private static void CheckSource(Faults faults, string field, VMFileSource? source)
    {
        if (source is not null)
        {
            faults.AddRange(SourceRules.Check(field, source.Path, source.Url, source.Sha256));
        }
    }

    private static void CheckMachine(Faults faults, VMMachine machine)
    {
        var vcpus = machine.Vcpus ?? CpuRules.DefaultVcpus;
        faults.AddRange(CpuRules.CheckVcpus("spec.machine.vcpus", vcpus));
        faults.AddRange(CpuRules.CheckMost("spec.machine.maxVcpus", machine.MaxVcpus, vcpus));
        var memory = Bytes(faults, "spec.machine.memory", machine.Memory) ?? MemoryRules.Default;
        faults.AddRange(MemoryRules.Check("spec.machine.memory", memory));
        faults.AddRange(MemoryRules.CheckMost("spec.machine.maxMemory", Bytes(faults, "spec.machine.maxMemory", machine.MaxMemory), memory));
        faults.AddRange(machine.Type is null ? [] : MachineTypeRules.Check("spec.machine.type", machine.Type));
        faults.AddRange(CpuRules.CheckModel("spec.machine.cpuModel", machine.CpuModel));
    }

    private static long? Bytes(Faults faults, string field, ResourceQuantity? quantity)
    {
        var bytes = quantity is null ? null : MemorySizes.Bytes(quantity);
        faults.Require(quantity is null || bytes is not null, field, $"{Quote.Text(quantity?.ToString())} is not a number of bytes; give one such as 256Mi.");
        return bytes;
    }
}

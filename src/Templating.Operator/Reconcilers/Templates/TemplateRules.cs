using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>What a VMTemplate's spec must be beside its schema. All faults together.</summary>
internal static class TemplateRules
{
    public static IReadOnlyList<Fault> Check(VMTemplate template)
    {
        var faults = SpecChecker.Check(template.Spec);
        if (template.Metadata.Name.Length > Revisions.MaxTemplateName || template.Metadata.Name.Contains('.', StringComparison.Ordinal))
        {
            faults.Insert(0, new Fault(
                "metadata.name", $"'{template.Metadata.Name}' is not allowed; use at most {Revisions.MaxTemplateName} characters without a dot."));
        }

        if (template.Spec.Guest is { } guest)
        {
            CheckSource(faults, "spec.guest.kernel", guest.Kernel);
            CheckSource(faults, "spec.guest.initrd", guest.Initrd);
            for (var i = 0; i < (guest.Images?.Count ?? 0); i++)
            {
                CheckSource(faults, $"spec.guest.images[{i}]", guest.Images![i]);
            }
        }

        if (template.Spec.Machine is { } machine)
        {
            CheckMachine(faults, machine);
        }

        return faults;
    }

    private static void CheckSource(List<Fault> faults, string field, VMFileSource? source)
    {
        if (source is { Url: not null, Sha256: null })
        {
            faults.Add(new($"{field}.sha256", "It is missing; a url needs what its bytes hash to."));
        }

        if (source?.Path is { } path && path.Split('/').Any(part => part is "." or ".."))
        {
            faults.Add(new($"{field}.path", "It has '.' or '..' in it; give the path without."));
        }
    }

    private static void CheckMachine(List<Fault> faults, VMMachine machine)
    {
        if (machine.Memory is { } memory && MemorySizes.Problem(memory) is { } problem)
        {
            faults.Add(new("spec.machine.memory", problem));
        }

        if (machine.MaxMemory is { } most && MemorySizes.Problem(most) is { } mostProblem)
        {
            faults.Add(new("spec.machine.maxMemory", mostProblem));
        }
        else if (machine.MaxMemory is { } room && MemorySizes.Bytes(room) < (machine.Memory is null ? 256L << 20 : MemorySizes.Bytes(machine.Memory)))
        {
            faults.Add(new("spec.machine.maxMemory", $"{room} is less than memory; give at least that, or leave it out."));
        }

        if (machine.MaxVcpus is { } vcpus && vcpus < (machine.Vcpus ?? 1))
        {
            faults.Add(new("spec.machine.maxVcpus", $"{vcpus} is less than vcpus ({machine.Vcpus ?? 1}); give at least that, or leave it out."));
        }
    }
}

using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Core.Templates;

/// <summary>Which machines a VM may have.</summary>
internal static class MachineRules
{
    public static IEnumerable<FieldViolation> Check(MachineSpec machine) =>
    [
        .. CpuRules.CheckVcpus("spec.machine.vcpus", machine.Vcpus),
        .. MemoryRules.Check("spec.machine.memory_bytes", machine.MemoryBytes),
        .. CpuRules.CheckMost("spec.machine.max_vcpus", machine.MaxVcpus, machine.Vcpus),
        .. MemoryRules.CheckMost("spec.machine.max_memory_bytes", machine.MaxMemoryBytes, machine.MemoryBytes),
        .. MachineTypeRules.Check("spec.machine.machine_type", machine.MachineType),
        .. CpuRules.CheckModel("spec.machine.cpu_model", machine.CpuModel),
        .. FieldViolation.Unless(
            machine.Accelerator is not { } accelerator || Enum.IsDefined(accelerator), "spec.machine.accelerator",
            $"{(int?)machine.Accelerator} is not known; use KVM or TCG, or leave it out."),
    ];
}

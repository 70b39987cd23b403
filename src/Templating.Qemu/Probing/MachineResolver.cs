using System.Text.RegularExpressions;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.CommandLine;

namespace Templating.Qemu.Probing;

/// <summary>Turns what a user asks for into the machine that is made, or says why not.</summary>
internal static partial class MachineResolver
{
    /// <summary>All that TCG has, where a spec names no model. Under KVM it is <c>host</c>.</summary>
    private const string BestTcgModel = "max";

    public static ResolvedMachine Resolve(MachineSpec spec, int imageCount, bool sandbox, QemuFacts facts)
    {
        var accelerator = ResolveAccelerator(spec.Accelerator, facts.Info);
        return new ResolvedMachine
        {
            QemuVersion = facts.Info.Version,
            MachineType = ResolveMachine(spec.MachineType, facts),
            CpuModel = ResolveCpu(spec.CpuModel ?? (accelerator == Accelerator.Kvm ? "host" : BestTcgModel), accelerator, facts),
            Accelerator = accelerator,
            HostCpu = accelerator == Accelerator.Kvm ? HostCpu.ReadModel() : null,
            Vcpus = spec.Vcpus,
            MemoryBytes = spec.MemoryBytes,
            MaxVcpus = spec.MaxVcpus,
            MaxMemoryBytes = spec.MaxMemoryBytes,
            Sandbox = sandbox,
            Devices = QemuCommandLine.Fingerprint(imageCount, sandbox, LaterCpus.NeedPort(accelerator, sandbox, spec.Vcpus, spec.MaxVcpus)),
        };
    }

    private static Accelerator ResolveAccelerator(Accelerator? wanted, VmmInfo info) => wanted switch
    {
        Accelerator.Kvm when info.Accelerator != Accelerator.Kvm => throw new TemplatingException(
            ErrorCode.AcceleratorUnavailable, $"KVM was asked for but does not work here: {info.KvmProblem}"),
        _ => wanted ?? info.Accelerator,
    };

    private static string ResolveMachine(string name, QemuFacts facts)
    {
        CheckToken("machine_type", name);
        if (!facts.Machines.TryGetValue(name, out var machine))
        {
            throw Unsupported("machine_type",
                $"QEMU {facts.Info.Version} has no machine type '{name}'. Use 'q35', or a pc-q35-* of 'qemu-system-x86_64 -machine help'.");
        }

        return machine.StartsWith("pc-q35-", StringComparison.Ordinal)
            ? machine
            : throw Unsupported("machine_type",
                $"The machine type '{name}' is not a q35 machine; templates need its PCI Express and NVDIMM. Use 'q35'.");
    }

    /// <summary>A model may carry features: <c>max,+la57</c> would be another word, so only its name is taken.</summary>
    private static string ResolveCpu(string name, Accelerator accelerator, QemuFacts facts)
    {
        CheckToken("cpu_model", name);
        if (!facts.CpuModels.Contains(name) || (name is "host" && accelerator != Accelerator.Kvm))
        {
            throw Unsupported("cpu_model",
                $"QEMU {facts.Info.Version} has no CPU model '{name}' under {accelerator}. "
                + "'qemu-system-x86_64 -cpu help' lists them; leave it out for the best one.");
        }

        return name;
    }

    /// <summary>Another QEMU may have it, so the field is right as such and wrong here.</summary>
    private static TemplatingException Unsupported(string field, string problem) =>
        new(ErrorCode.QemuUnsupported, problem) { Violations = [new FieldViolation($"spec.machine.{field}", problem)] };

    private static void CheckToken(string field, string value)
    {
        if (!Token().IsMatch(value))
        {
            throw new TemplatingException([new FieldViolation($"spec.machine.{field}",
                "Is not a name: letters, digits, '.', '_' and '-', at most 64.")]);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}

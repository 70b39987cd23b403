using System.Globalization;
using Templating.Core.Machines;

namespace Templating.Qemu.CommandLine;

/// <summary>
/// vCPUs that are plugged into a VM that runs. Its guest made room for them when it booted: the firmware tells of those that are not there as
/// disabled ones. Linux believes that under a hypervisor that it knows, and of the others takes what is enabled (acpi_is_processor_usable,
/// arch/x86/kernel/acpi/boot.c). Under KVM it knows it. QEMU's emulator has a name of its own, which Linux does not know; what it knows and
/// that emulator has is VMware's port, which it asks where the processor names no hypervisor and the machine's serial number begins so
/// (vmware_platform, arch/x86/kernel/cpu/vmware.c).
/// </summary>
internal static class LaterCpus
{
    private const string PortWord = "vmport";

    /// <summary>QEMU has that port only beside a keyboard's controller.</summary>
    private const string KeyboardWord = "i8042";

    /// <summary>Only a sandbox is plugged into; all others are spared the port.</summary>
    public static bool NeedPort(ResolvedMachine machine) =>
        NeedPort(machine.Accelerator, machine.Sandbox, machine.Vcpus, machine.MaxVcpus);

    public static bool NeedPort(Accelerator accelerator, bool sandbox, int vcpus, int? most) =>
        accelerator == Accelerator.Tcg && sandbox && most > vcpus;

    public static IReadOnlyList<string> Fingerprint(bool port) => port ? [PortWord, KeyboardWord] : [];

    public static Option WithPort(this Option machine, bool port) => machine.With(PortWord, port).With(KeyboardWord, port);

    public static string[] Build(ResolvedMachine machine) => NeedPort(machine)
        ? ["-cpu", $"{machine.CpuModel},hypervisor=off", "-smbios", "type=1,serial=VMware-0", "-smp", Processors(machine)]
        : ["-cpu", machine.CpuModel, "-smp", Processors(machine)];

    private static string Processors(ResolvedMachine machine) => machine.MaxVcpus is { } most && most > machine.Vcpus
        ? string.Create(CultureInfo.InvariantCulture, $"{machine.Vcpus},maxcpus={most}")
        : machine.Vcpus.ToString(CultureInfo.InvariantCulture);
}

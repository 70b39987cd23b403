using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Node.Commands.Doctor;

/// <summary>QEMU and KVM, by the very probe the daemon uses.</summary>
internal sealed class QemuCheck : IHostCheck
{
    private const string Install =
        "Install QEMU 8.2 or later. Debian 13: apt install qemu-system-x86. Debian 12: add bookworm-backports to the apt sources, then apt install -t bookworm-backports qemu-system-x86.";

    public async Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken)
    {
        VmmInfo info;
        try
        {
            info = await target.Vmm.ProbeAsync(refresh: true, cancellationToken);
        }
        catch (TemplatingException e)
        {
            return
            [
                new Finding("qemu", Verdict.Fail, e.Message, Install),
                new Finding("kvm", Verdict.Info, "Not tried: that needs QEMU."),
            ];
        }

        return
        [
            new Finding("qemu", Verdict.Pass, $"{info.Version} at {info.Path}; q35 is {info.DefaultMachineType}"),
            info.KvmProblem is null
                ? new Finding("kvm", Verdict.Pass, "A guest ran under KVM")
                : new Finding("kvm", Verdict.Warn, $"{info.KvmProblem} Guests are emulated (TCG), which is many times slower.", Advice(target)),
            info.BlankProblem is null
                ? new Finding("blank VMs", Verdict.Pass, "This QEMU takes its memory after its start")
                : new Finding("blank VMs", Verdict.Info, $"None are started ahead of clones: {info.BlankProblem}"),
        ];
    }

    private static string Advice(DoctorTarget target) => File.Exists(target.At("/dev/kvm"))
        ? "Let the daemon's user open /dev/kvm (group kvm); in a VM, ask its host for nested virtualisation."
        : target.Read("/proc/cpuinfo") is var cpu && (cpu.Contains(" vmx ", StringComparison.Ordinal) || cpu.Contains(" svm ", StringComparison.Ordinal))
            ? "The CPU can virtualise: load the module kvm_intel or kvm_amd, or pass /dev/kvm into this container."
            : "Enable virtualisation in the firmware, or, in a VM, nested virtualisation on its host.";
}

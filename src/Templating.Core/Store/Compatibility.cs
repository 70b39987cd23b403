using Templating.Core.Machines;

namespace Templating.Core.Store;

/// <summary>Whether a frozen state can go on here: only the QEMU, machine, CPU and accelerator it was made by can read it.</summary>
public static class Compatibility
{
    /// <summary>Why the revision is stale on this node; null when it is not.</summary>
    public static string? FindMismatch(Manifest manifest, VmmInfo vmm)
    {
        var made = manifest.Machine;
        var faults = new List<string>();
        if (!string.Equals(made.QemuVersion, vmm.Version, StringComparison.Ordinal))
        {
            faults.Add($"it was made by QEMU {made.QemuVersion}, and this node has {vmm.Version}");
        }

        if (made.Accelerator == Accelerator.Kvm && vmm.Accelerator != Accelerator.Kvm)
        {
            faults.Add($"it was made under KVM, which does not work here now ({vmm.KvmProblem})");
        }
        else if (made.Accelerator == Accelerator.Kvm && !string.Equals(made.HostCpu, vmm.HostCpu, StringComparison.Ordinal))
        {
            faults.Add($"it was made on a {made.HostCpu}, and this node has a {vmm.HostCpu}");
        }

        return faults.Count == 0 ? null : string.Join("; ", faults) + ". Build the template again.";
    }
}

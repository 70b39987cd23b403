using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>What a template gives a VM, and what it may grow to; as the node's <c>MachineSpec</c> says it.</summary>
/// <param name="Template">Its name, for messages.</param>
/// <param name="Vcpus">To begin with.</param>
/// <param name="MemoryBytes">To begin with.</param>
/// <param name="MaxVcpus">At most.</param>
/// <param name="MaxMemoryBytes">At most.</param>
internal sealed record TemplateRoom(string Template, int Vcpus, long MemoryBytes, int MaxVcpus, long MaxMemoryBytes);

/// <summary>How large a pod's VM is to be. It never shrinks: memory that was plugged stays.</summary>
internal readonly record struct PodSize(int Vcpus, long MemoryBytes)
{
    /// <summary>Memory grows by a multiple of it over what there is (ResizeClone).</summary>
    public const long Step = 128L << 20;

    /// <summary>The guest's kernel, page tables and daemon: what a container may not have of the VM's memory.</summary>
    public const long GuestBytes = 96L << 20;

    private const long Mebibyte = 1L << 20;
    private const int Thousand = 1000;

    /// <summary>For a pod, by its sandbox's limits; for a container without a pod, by its own.</summary>
    public static PodSize From(BundleSpec spec, TemplateRoom room)
    {
        var start = new PodSize(room.Vcpus, room.MemoryBytes);
        return spec.Kind == ContainerKind.PodSandbox ? start.Grown([spec.SandboxResources], room) : start.Grown([spec.Resources], room);
    }

    /// <summary>
    /// What is needed for containers that are there at the same time, at least what there is. Limits of some and none of others leave those
    /// to what the VM has.
    /// </summary>
    /// <param name="containers">Their limits, each once.</param>
    /// <param name="room">The template's.</param>
    /// <exception cref="ShimException">More than the template has room for.</exception>
    public PodSize Grown(IEnumerable<SpecResources> containers, TemplateRoom room)
    {
        var (milliCpus, memory) = (0m, 0m);
        foreach (var container in containers)
        {
            milliCpus += container.MilliCpus ?? 0;
            memory += container.MemoryLimit ?? 0;
        }

        var faults = new SpecFaults();
        var vcpus = Math.Ceiling(milliCpus / Thousand);
        if (vcpus > room.MaxVcpus)
        {
            faults.Add(
                $"limits.cpu: {milliCpus / Thousand:0.###} CPUs need {vcpus} vCPUs, and template {room.Template} has at most {room.MaxVcpus} (max_vcpus): " +
                "lower the limit, or take a template with more");
        }

        var needed = memory == 0 ? MemoryBytes : memory + GuestBytes;
        var total = needed <= MemoryBytes ? MemoryBytes : MemoryBytes + (Math.Ceiling((needed - MemoryBytes) / Step) * Step);
        if (total > room.MaxMemoryBytes)
        {
            faults.Add(
                $"limits.memory: {Mebibytes(memory)} MiB and {GuestBytes / Mebibyte} for the guest need a VM of {Mebibytes(total)} MiB, and template " +
                $"{room.Template} has at most {room.MaxMemoryBytes / Mebibyte} (max_memory_bytes): lower the limit, or take a template with more");
        }

        faults.ThrowIfAny("The VM cannot be made large enough");
        return new PodSize(Math.Max(Vcpus, (int)vcpus), (long)total);
    }

    private static decimal Mebibytes(decimal bytes) => Math.Ceiling(bytes / Mebibyte);
}

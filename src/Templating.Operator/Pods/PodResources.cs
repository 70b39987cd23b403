using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Pods;

/// <summary>
/// What a VM pod asks for and may take (docs/kubernetes/pools-and-clones.md has the reasons). A clone's pages are shared
/// page cache until it writes them, then they are its own: it may write all of its RAM, so that and QEMU's own memory is
/// the limit; a quarter of its RAM is what it is expected to write.
/// </summary>
internal static class PodResources
{
    private const string Memory = "memory";

    private const string Cpu = "cpu";

    private const string Kvm = "kvm";

    private const int RequestedPart = 4;

    private const int MilliCpuPerVcpu = 100;

    public static V1ResourceRequirements Of(VMMachine? machine, VMPodResources? users, long overheadBytes)
    {
        var ram = Bytes(machine?.Memory) ?? MemoryRules.Default;
        var most = Math.Max(Bytes(machine?.MaxMemory) ?? ram, ram);
        var limits = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal) { [Memory] = MiB(most + overheadBytes) };
        Take(limits, users?.Limits);
        if (machine?.Accelerator == Kvm)
        {
            limits[Keys.KvmResource] = new ResourceQuantity("1");
        }

        // A request above its limit is refused by the API server, so ours gives way to the user's limit.
        var requests = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
        {
            [Memory] = Least(MiB(ram / RequestedPart + overheadBytes), limits[Memory]),
            [Cpu] = Least(new ResourceQuantity($"{(machine?.Vcpus ?? CpuRules.DefaultVcpus) * MilliCpuPerVcpu}m"), limits.GetValueOrDefault(Cpu)),
        };
        Take(requests, users?.Requests);
        return new V1ResourceRequirements { Requests = requests, Limits = limits };
    }

    private static long? Bytes(ResourceQuantity? quantity) => quantity is null ? null : quantity.ToInt64();

    private static ResourceQuantity MiB(long bytes) => new($"{(bytes + (1 << 20) - 1) >> 20}Mi");

    private static ResourceQuantity Least(ResourceQuantity ours, ResourceQuantity? limit) =>
        limit is not null && limit.ToDecimal() < ours.ToDecimal() ? limit : ours;

    private static void Take(Dictionary<string, ResourceQuantity> ours, Dictionary<string, ResourceQuantity>? users)
    {
        foreach (var (key, value) in users ?? [])
        {
            ours[key] = value;
        }
    }
}

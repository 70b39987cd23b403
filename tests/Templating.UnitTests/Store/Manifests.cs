using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.UnitTests.Store;

internal static class Manifests
{
    private static readonly DateTimeOffset Day = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static Manifest Sound(TemplateName? name = null, DateTimeOffset? createdAt = null) => new()
    {
        FormatVersion = StoreLimits.FormatVersion,
        Tenant = (name ?? StoreFixture.Web).Tenant,
        Template = (name ?? StoreFixture.Web).Name,
        CreatedAt = createdAt ?? Day,
        RequestId = "3f1c7a52-0000-4000-8000-000000000001",
        Spec = new TemplateSpec
        {
            Guest = new GuestSpec { KernelPath = "/boot/vmlinuz", CommandLine = "console=ttyS0 root=/dev/pmem0" },
            Machine = new MachineSpec { MemoryBytes = StoreFixture.MemoryBytes },
            Readiness = new ReadinessSpec { Timeout = TimeSpan.FromSeconds(1.5), WarmUp = [["/bin/true", "it's \"so\""]] },
            Network = new NetworkSpec(Outbound: true, [new PortForward(80)]),
        },
        Machine = new ResolvedMachine
        {
            QemuVersion = "10.0.2 (Debian 1:10.0.2+ds-2)",
            MachineType = "pc-q35-10.0",
            CpuModel = "max",
            Accelerator = Accelerator.Tcg,
            Vcpus = 1,
            MemoryBytes = StoreFixture.MemoryBytes,
            Devices = ["nvdimm", "virtio-serial-pci"],
        },
        Agent = GuestAgentKind.Templating,
        Memory = new FileDigest(StoreFixture.MemoryBytes, new string('a', 64)),
        State = new FileDigest(5000, new string('b', 64)),
        Images = [],
        Kernel = new FileDigest(1, new string('c', 64)),
        PhaseMilliseconds = new Dictionary<string, double>(StringComparer.Ordinal) { ["boot"] = 8800.5, ["seal"] = 120 },
    };
}

using Google.Protobuf.WellKnownTypes;
using Templating.Testing.Qemu;
using Templating.V1;

namespace Templating.Testing.Nodes;

/// <summary>Specs of templates of the guest image.</summary>
public static class GuestSpecs
{
    /// <summary>Small: what a test waits for is the guest's boot and the reading of its RAM.</summary>
    public const long MemoryBytes = 128L << 20;

    /// <param name="words">More of the kernel's command line; <c>iomem=relaxed</c> lets the hostile guest try.</param>
    public static TemplateSpec Web(string words = "iomem=relaxed")
    {
        var guest = GuestArtifacts.Locate();
        return new TemplateSpec
        {
            Guest = new GuestSpec
            {
                // Of the two kernels the one that boots faster.
                KernelPath = Path.Combine(Path.GetDirectoryName(guest.Kernel)!, "vmlinux"),
                InitrdPath = guest.Initrd,
                CommandLine = "console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable " + words,
                ImagePaths = { guest.Image },
            },
            Machine = new MachineSpec { MemoryBytes = MemoryBytes },
            Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80 } } },
            Readiness = new ReadinessSpec { Timeout = Duration.FromTimeSpan(TimeSpan.FromMinutes(4)) },
        };
    }
}

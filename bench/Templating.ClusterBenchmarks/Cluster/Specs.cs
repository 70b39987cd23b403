using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>The objects that the benchmarks make.</summary>
internal static class Specs
{
    public const string Template = "bench";

    public const string Pool = "bench";

    /// <param name="guestFolder">The chart's; files in it have the names eng/guest/build.sh gives them.</param>
    public static VMTemplate MakeTemplate(string guestFolder) => new()
    {
        Metadata = new V1ObjectMeta { Name = Template },
        Spec = new VMTemplateSpec
        {
            Guest = new VMGuest
            {
                Kernel = new VMFileSource { Path = $"{guestFolder}/vmlinux" },
                Initrd = new VMFileSource { Path = $"{guestFolder}/initrd" },
                Images = [new VMFileSource { Path = $"{guestFolder}/rootfs.img" }],
                CommandLine = "console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable",
            },
            Machine = new VMMachine { Memory = new ResourceQuantity("128Mi") },
        },
    };

    public static VMPool MakePool(int replicas) => new()
    {
        Metadata = new V1ObjectMeta { Name = Pool },
        Spec = new VMPoolSpec { Template = Template, Replicas = replicas },
    };

    public static VMClone MakeClone(string name, bool fromPool) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = fromPool ? new VMCloneSpec { Pool = Pool } : new VMCloneSpec { Template = Template },
    };

    /// <summary>What a VM pod is compared with: a pod of the same image whose program only waits.</summary>
    public static V1Pod MakePlainPod(string name, string image) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PodSpec
        {
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            RestartPolicy = "Never",
            TerminationGracePeriodSeconds = 0,
            SecurityContext = RestrictedPods.Pod(),
            Containers =
            [
                new V1Container
                {
                    Name = "plain",
                    Image = image,
                    ImagePullPolicy = "IfNotPresent",
                    Command = ["sleep", "3600"],
                    SecurityContext = RestrictedPods.Container(),
                },
            ],
        },
    };
}

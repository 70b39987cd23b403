namespace Templating.ClusterBenchmarks.Pods;

internal sealed record PodsOptions
{
    public required string Kubeconfig { get; init; }

    /// <summary>Of a cluster of eng/kube/up.sh with one node: its logs and its node's processes are read there.</summary>
    public required string Cluster { get; init; }

    public required string Output { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Pods that are there at once while memory is looked at.</summary>
    public required int MemoryPods { get; init; }

    /// <summary>Pods that are asked for at once.</summary>
    public required int BurstPods { get; init; }

    /// <summary>A web server on port 80 that tells its pod's name.</summary>
    public required string Image { get; init; }

    /// <summary>On the node, with vmlinux, initrd and rootfs.img.</summary>
    public required string GuestFolder { get; init; }
}

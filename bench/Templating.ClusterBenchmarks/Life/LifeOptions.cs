namespace Templating.ClusterBenchmarks.Life;

internal sealed record LifeOptions
{
    public required string Kubeconfig { get; init; }

    public required string Output { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Of the plain pod: the one VM pods have.</summary>
    public required string Image { get; init; }

    /// <summary>On the nodes, with vmlinux, initrd and rootfs.img.</summary>
    public required string GuestFolder { get; init; }

    /// <summary>Namespace of operator and daemons.</summary>
    public required string Installation { get; init; }

    /// <summary>Of the operator's metrics.</summary>
    public required int MetricsPort { get; init; }

    /// <summary>VMs that wait. One claim takes one; what is refilled meanwhile is not in its way.</summary>
    public required int Replicas { get; init; }
}

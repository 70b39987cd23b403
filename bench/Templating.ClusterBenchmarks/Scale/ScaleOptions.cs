namespace Templating.ClusterBenchmarks.Scale;

internal sealed record ScaleOptions
{
    public required string Output { get; init; }

    /// <summary>Of each step, VMClones created as fast as can be.</summary>
    public required IReadOnlyList<int> Clones { get; init; }

    public required int Nodes { get; init; }

    /// <summary>Of the VMClones, those taken from a pool that has as many VMs.</summary>
    public required int PoolPercent { get; init; }

    /// <summary>VMClones a second that come and go beside those, when all of them are ready; 0: none.</summary>
    public required int ChurnRate { get; init; }

    /// <summary>For how long.</summary>
    public required TimeSpan ChurnTime { get; init; }

    /// <summary>eng/kube, with api.sh and down.sh.</summary>
    public required string KubeFolder { get; init; }

    /// <summary>eng/chart/install.sh.</summary>
    public required string ChartInstall { get; init; }

    /// <summary>The operator's executable.</summary>
    public required string Operator { get; init; }

    /// <summary>kubectl-templating, whose load test is measured; null leaves that out.</summary>
    public required string? LoadTool { get; init; }

    /// <summary>For logs and profiles of the operator; null keeps nothing.</summary>
    public required string? Keep { get; init; }
}

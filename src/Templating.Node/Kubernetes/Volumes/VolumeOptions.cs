namespace Templating.Node.Kubernetes.Volumes;

public sealed record VolumeOptions
{
    /// <summary>Where the records of published volumes lie: <c>RUN/volumes</c>.</summary>
    public required string RecordFolder { get; init; }

    /// <summary>Volumes are published below this folder and nowhere else: <c>KUBELET/pods</c>.</summary>
    public required string TargetRoot { get; init; }
}

using Templating.Contract;
using Templating.Core.Names;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>A published volume.</summary>
public sealed record VolumeView(
    string Id, string TargetPath, string Tenant, string PodName, string PodUid, RevisionName Revision, DateTimeOffset PublishedAt)
{
    /// <summary>Any user of the pod may write here.</summary>
    public string SocketFolder => Path.Combine(TargetPath, VolumeLayout.SocketFolder);
}

/// <param name="Bytes">Of the files in it, holes included.</param>
/// <param name="Problem">Null when all is well.</param>
public sealed record VolumeHealth(long Bytes, string? Problem);

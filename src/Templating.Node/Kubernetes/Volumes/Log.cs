namespace Templating.Node.Kubernetes.Volumes;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Published volume {Id} with {Revision} for pod {Tenant}/{Pod}")]
    public static partial void VolumePublished(this ILogger logger, string id, string revision, string tenant, string pod);

    [LoggerMessage(2, LogLevel.Information, "Unpublished volume {Id}")]
    public static partial void VolumeUnpublished(this ILogger logger, string id);

    [LoggerMessage(3, LogLevel.Information, "Adopted {Adopted} volumes and swept {Swept}")]
    public static partial void VolumesRecovered(this ILogger logger, int adopted, int swept);

    [LoggerMessage(4, LogLevel.Warning, "The volume record {Path} cannot be read and stays as it is: {Problem}")]
    public static partial void VolumeRecordBroken(this ILogger logger, string path, string problem);

    [LoggerMessage(5, LogLevel.Warning, "Volume {Id} at {Target} could not be undone: {Problem}")]
    public static partial void VolumeUndoFailed(this ILogger logger, string id, string target, string problem);

    [LoggerMessage(6, LogLevel.Warning, "Volume {Id} has {Revision}, which is gone from the store")]
    public static partial void VolumeWithoutRevision(this ILogger logger, string id, string revision);
}

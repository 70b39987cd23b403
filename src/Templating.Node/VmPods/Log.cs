namespace Templating.Node.VmPods;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "VM pod {Tenant}/{Pod} does not answer any more: {Reason}")]
    public static partial void PodLost(ILogger logger, string tenant, string pod, string reason);

    [LoggerMessage(2, LogLevel.Error, "VM pod {Tenant}/{Pod} is not followed any more")]
    public static partial void FollowerFailed(ILogger logger, string tenant, string pod, Exception exception);
}

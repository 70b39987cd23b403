using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Orphans;

internal static partial class Log
{
    [LoggerMessage(EventId = 140, Level = LogLevel.Information, Message = "pod {Pod} had no owner and is of {Kind} {Owner} now")]
    public static partial void Adopted(ILogger logger, ObjectKey pod, string kind, string owner);

    [LoggerMessage(EventId = 141, Level = LogLevel.Information, Message = "pod {Pod} has no owner and is deleted: {Why}")]
    public static partial void Removed(ILogger logger, ObjectKey pod, string why);
}

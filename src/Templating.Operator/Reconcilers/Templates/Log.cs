using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

internal static partial class Log
{
    [LoggerMessage(EventId = 60, Level = LogLevel.Information, Message = "VMTemplate {Template}: building revision {Revision} on {Node}")]
    public static partial void BuildBegins(ILogger logger, ObjectKey template, string revision, string node);

    [LoggerMessage(EventId = 61, Level = LogLevel.Information, Message = "VMTemplate {Template}: revision {Revision} is ready on {Node} after {Seconds:F1} s")]
    public static partial void Built(ILogger logger, ObjectKey template, string revision, string node, double seconds);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning, Message = "VMTemplate {Template}: revision {Revision} cannot be built on {Node}: {Reason}: {Error}")]
    public static partial void BuildFailed(ILogger logger, ObjectKey template, string revision, string node, string reason, string error);

    [LoggerMessage(EventId = 63, Level = LogLevel.Information, Message = "VMTemplate {Template}: removed revision {Revision} from {Node}")]
    public static partial void Removed(ILogger logger, ObjectKey template, string revision, string node);

    [LoggerMessage(EventId = 64, Level = LogLevel.Warning, Message = "VMTemplate {Template}: its files on {Node} stay there: {Why}")]
    public static partial void NodeSkipped(ILogger logger, ObjectKey template, string node, string why);

    [LoggerMessage(EventId = 65, Level = LogLevel.Debug, Message = "VMTemplate {Template}: revision {Revision} stays on {Node}: {Error}")]
    public static partial void NotRemoved(ILogger logger, ObjectKey template, string revision, string node, string error);
}

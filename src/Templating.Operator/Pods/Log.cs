using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

internal static partial class Log
{
    [LoggerMessage(EventId = 120, Level = LogLevel.Debug, Message = "the Events of pod {Pod} cannot be read: {Error}")]
    public static partial void EventsNotRead(ILogger logger, ObjectKey pod, string error);
}

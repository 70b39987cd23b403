using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers;

internal static partial class Log
{
    [LoggerMessage(EventId = 25, Level = LogLevel.Warning, Message = "{Kind} {Key}: its status cannot be written, so nobody is told how it is: {Error}")]
    public static partial void StatusNotWritten(ILogger logger, string kind, ObjectKey key, string error);
}

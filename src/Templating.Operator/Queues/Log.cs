using Templating.Operator.Cluster;

namespace Templating.Operator.Queues;

internal static partial class Log
{
    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "{Controller} {Key}: {Error}; not tried again until it changes")]
    public static partial void Terminal(ILogger logger, string controller, ObjectKey key, string error);

    [LoggerMessage(EventId = 21, Level = LogLevel.Debug, Message = "{Controller} {Key}: somebody else was first ({Failures} in a row): {Error}")]
    public static partial void Stale(ILogger logger, string controller, ObjectKey key, int failures, string error);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "{Controller} {Key}: the API server does not answer ({Failures} in a row): {Error}")]
    public static partial void Unavailable(ILogger logger, string controller, ObjectKey key, int failures, string error);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "{Controller} {Key}: the API server refused ({Failures} in a row): {Error}")]
    public static partial void Refused(ILogger logger, string controller, ObjectKey key, int failures, string error);

    [LoggerMessage(EventId = 23, Level = LogLevel.Error, Message = "{Controller} {Key} failed ({Failures} in a row)")]
    public static partial void Failed(ILogger logger, string controller, ObjectKey key, int failures, Exception error);
}

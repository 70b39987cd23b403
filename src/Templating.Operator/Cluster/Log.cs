namespace Templating.Operator.Cluster;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Kind}: {Count} listed")]
    public static partial void Synced(ILogger logger, string kind, int count);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "{Kind}: the server's history no longer has version {Version}; listing again")]
    public static partial void Relist(ILogger logger, string kind, string version);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Kind}: list or watch failed ({Failures} in a row): {Error}")]
    public static partial void WatchFailed(ILogger logger, string kind, int failures, string error);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "Event {Reason} about {About} was not recorded: {Error}")]
    public static partial void EventLost(ILogger logger, string reason, string about, string error);

    [LoggerMessage(EventId = 5, Level = LogLevel.Debug, Message = "{Verb} {Resource} {Key}")]
    public static partial void Written(ILogger logger, string verb, string resource, string key);
}

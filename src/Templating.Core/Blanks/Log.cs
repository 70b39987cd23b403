using Microsoft.Extensions.Logging;

namespace Templating.Core.Blanks;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Blank VM {Pid} could not be given to a clone, which is started without it: {Problem}")]
    public static partial void NotBound(this ILogger logger, int pid, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No blank VM can be started; it is tried again: {Problem}")]
    public static partial void NotStarted(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Blank VM {Pid} ended while it waited")]
    public static partial void EndedWaiting(this ILogger logger, int pid);

    [LoggerMessage(Level = LogLevel.Error, Message = "Blank VM {Pid} that is gone cannot be cleared away")]
    public static partial void NotCleared(this ILogger logger, int pid, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ended {Count} blank VMs of a daemon before this one")]
    public static partial void Recovered(this ILogger logger, int count);
}

using Microsoft.Extensions.Logging;

namespace Templating.Shim.Volumes;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "What was a container's alone is not all taken away: {Reason}")]
    public static partial void NotEnded(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The termination message is not brought back to {Path}: {Reason}")]
    public static partial void NotBroughtBack(ILogger log, string path, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The VM's files do not follow the node's; it is tried again: {Reason}")]
    public static partial void NotFollowed(ILogger log, string reason);
}

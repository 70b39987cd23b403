using Microsoft.Extensions.Logging;

namespace Templating.Shim.Volumes;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "What was a container's alone is not all taken away: {Reason}")]
    public static partial void NotEnded(ILogger log, string reason);
}

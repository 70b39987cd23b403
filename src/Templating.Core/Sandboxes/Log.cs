using Microsoft.Extensions.Logging;
using Templating.Core.Clones;

namespace Templating.Core.Sandboxes;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Clone} is held for process {Pid}")]
    public static partial void Held(this ILogger logger, CloneName clone, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Clone} of process {Pid} is detached")]
    public static partial void Detached(this ILogger logger, CloneName clone, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Clone} is ended: {Reason}")]
    public static partial void Ends(this ILogger logger, CloneName clone, string reason);
}

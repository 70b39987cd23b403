using Microsoft.Extensions.Logging;
using Templating.Core.Names;

namespace Templating.Core.Building;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Build of {Template} failed: {Reason}")]
    public static partial void BuildFailed(this ILogger logger, TemplateName template, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Revision}")]
    public static partial void Deleted(this ILogger logger, RevisionName revision);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Revision}: {Limit} older revisions are kept")]
    public static partial void Retired(this ILogger logger, RevisionName revision, int limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Revision} is corrupt and will not be cloned: {Problems}")]
    public static partial void Corrupt(this ILogger logger, RevisionName revision, string problems);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removed what a build left that was killed with its daemon: {Folder}")]
    public static partial void BuildSwept(this ILogger logger, string folder);
}

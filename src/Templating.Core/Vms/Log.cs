using Microsoft.Extensions.Logging;
using Templating.Core.Names;

namespace Templating.Core.Vms;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "A clone of {Revision} used {Bytes} bytes of its files until it was ready, in {Ranges} parts")]
    public static partial void FirstPagesLearned(this ILogger logger, RevisionName revision, long bytes, int ranges);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What a clone of {Revision} has used of its files is not known; the next one is looked at: {Problem}")]
    public static partial void FirstPagesNotLearned(this ILogger logger, RevisionName revision, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Read {Bytes} bytes of {Revision} ahead, some of which the page cache had lost")]
    public static partial void FirstPagesFetched(this ILogger logger, RevisionName revision, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What clones of {Revision} use first is not read ahead: {Problem}")]
    public static partial void FirstPagesNotFetched(this ILogger logger, RevisionName revision, string problem);
}

namespace Templating.Node.Admission;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "A connection of {Caller} is refused: it has {Limit}, or all callers have too many. Others like it are not logged for 10 s")]
    public static partial void NoConnectionLeft(ILogger logger, string caller, long limit);

    [LoggerMessage(2, LogLevel.Information, "A call of {Caller} is refused: it has {Limit}, or all callers have too many. Others like it are not logged for 10 s")]
    public static partial void NoCallLeft(ILogger logger, string caller, long limit);

    [LoggerMessage(3, LogLevel.Debug, "{Path} was refused: {Reason}")]
    public static partial void Refused(ILogger logger, string path, string reason);

    [LoggerMessage(4, LogLevel.Warning, "No more files can be opened: no connection is taken for a moment. Raise the daemon's limit of open files (LimitNOFILE)")]
    public static partial void OutOfDescriptors(ILogger logger);

    [LoggerMessage(5, LogLevel.Warning, "The daemon may open {Limit} files, too few for {VMs} VMs and their callers: at most {Connections} connections are taken. Raise the limit (LimitNOFILE)")]
    public static partial void FewDescriptors(ILogger logger, long limit, int vMs, long connections);
}

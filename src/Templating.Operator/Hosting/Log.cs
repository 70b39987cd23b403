namespace Templating.Operator.Hosting;

internal static partial class Log
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "{Controllers} controllers at work")]
    public static partial void Working(ILogger logger, int controllers);

    [LoggerMessage(EventId = 101, Level = LogLevel.Critical, Message = "The operator cannot go on")]
    public static partial void Broken(ILogger logger, Exception error);
}

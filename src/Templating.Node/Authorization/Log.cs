namespace Templating.Node.Authorization;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Policy file {Path} is not in force, the one before it stays: {Faults}")]
    public static partial void PolicyRefused(ILogger logger, string path, string faults);
}

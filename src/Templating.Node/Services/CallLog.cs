using Templating.Core.Errors;

namespace Templating.Node.Services;

internal static partial class CallLog
{
    [LoggerMessage(1, LogLevel.Error, "{Method} failed, correlation id {CorrelationId}")]
    public static partial void Failed(ILogger logger, string method, string correlationId, Exception exception);

    [LoggerMessage(2, LogLevel.Debug, "{Method} was refused with {Code}: {Reason}")]
    public static partial void Refused(ILogger logger, string method, ErrorCode code, string reason);

    /// <summary>Whoever runs the node has to do something about it; the caller cannot.</summary>
    [LoggerMessage(3, LogLevel.Warning, "{Method} was refused with {Code}, for the host has its limits: {Reason}")]
    public static partial void RefusedByHost(ILogger logger, string method, ErrorCode code, string reason);
}

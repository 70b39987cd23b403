using Templating.Operator.Cluster;

namespace Templating.Operator.Leadership;

internal static partial class Log
{
    [LoggerMessage(EventId = 80, Level = LogLevel.Information, Message = "{Identity} leads: it holds lease {Lease}")]
    public static partial void Leading(ILogger logger, string identity, ObjectKey lease);

    [LoggerMessage(EventId = 81, Level = LogLevel.Debug, Message = "Lease {Lease} was not taken: {Error}")]
    public static partial void TakeFailed(ILogger logger, ObjectKey lease, string error);

    [LoggerMessage(EventId = 82, Level = LogLevel.Warning, Message = "Lease {Lease} was not renewed: {Error}")]
    public static partial void RenewFailed(ILogger logger, ObjectKey lease, string error);

    [LoggerMessage(EventId = 83, Level = LogLevel.Error, Message = "Lease {Lease} is lost: {Why}")]
    public static partial void Lost(ILogger logger, ObjectKey lease, string why);

    [LoggerMessage(EventId = 84, Level = LogLevel.Information, Message = "Lease {Lease} was given back")]
    public static partial void Released(ILogger logger, ObjectKey lease);
}

namespace Templating.Operator.Reconcilers.NodeLabels;

internal static partial class Log
{
    [LoggerMessage(EventId = 121, Level = LogLevel.Warning, Message = "node {Node}: its {Count} labels of revisions are withdrawn until its daemon is back: {Why}")]
    public static partial void Withdrawn(ILogger logger, string node, int count, string why);
}

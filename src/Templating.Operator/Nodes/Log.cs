namespace Templating.Operator.Nodes;

internal static partial class Log
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "Node {Node}: {Templates} templates, {Pods} VM pods")]
    public static partial void NodeSynced(ILogger logger, string node, int templates, int pods);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Node {Node} cannot be reached ({Failures} in a row): {Error}")]
    public static partial void NodeLost(ILogger logger, string node, int failures, string error);

    [LoggerMessage(EventId = 42, Level = LogLevel.Information, Message = "Node {Node}: the certificates changed; connecting again")]
    public static partial void CertificatesChanged(ILogger logger, string node);

    [LoggerMessage(EventId = 43, Level = LogLevel.Information, Message = "Node {Node}: daemon at {Address}")]
    public static partial void NodeFound(ILogger logger, string node, Uri address);

    [LoggerMessage(EventId = 44, Level = LogLevel.Information, Message = "Node {Node}: its daemon is gone")]
    public static partial void NodeGone(ILogger logger, string node);
}

using Templating.Core.Errors;

namespace Templating.Node.Kubernetes;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Method} of the kubelet was refused with {Code}: {Reason}")]
    public static partial void Refused(ILogger logger, string method, ErrorCode code, string reason);

    [LoggerMessage(2, LogLevel.Error, "{Method} of the kubelet failed")]
    public static partial void Failed(ILogger logger, string method, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "Serving the kubelet on {Path}")]
    public static partial void Serving(ILogger logger, string path);

    [LoggerMessage(4, LogLevel.Information, "The kubelet registered {Name}")]
    public static partial void Registered(ILogger logger, string name);

    [LoggerMessage(5, LogLevel.Error, "The kubelet refused {Name}: {Reason}")]
    public static partial void NotRegistered(ILogger logger, string name, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The socket {Path} for the kubelet cannot be made, and is tried again: {Reason}")]
    public static partial void SocketFailed(ILogger logger, string path, string reason);

    [LoggerMessage(7, LogLevel.Information, "Offering no {Resource}: KVM does not work here: {Reason}")]
    public static partial void NoKvm(ILogger logger, string resource, string reason);

    [LoggerMessage(8, LogLevel.Warning, "{Resource} could not be registered, and is tried again: {Reason}")]
    public static partial void RegistrationFailed(ILogger logger, string resource, string reason);
}

namespace Templating.Node.Files;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "The TLS files {Paths} are not in force, those before them stay: {Reason}")]
    public static partial void TlsFilesRefused(ILogger logger, string paths, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Refused a client certificate of {Subject}: {Reason}")]
    public static partial void CertificateRefused(ILogger logger, string subject, string reason);
}

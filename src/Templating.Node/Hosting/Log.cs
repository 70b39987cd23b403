namespace Templating.Node.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Clones run on {Qemu} under {Accelerator}")]
    public static partial void Probed(ILogger logger, string qemu, string accelerator);

    [LoggerMessage(2, LogLevel.Warning, "No template can be built or cloned now: {Problem}")]
    public static partial void ProbeFailed(ILogger logger, string problem);

    [LoggerMessage(3, LogLevel.Information, "Serving on {Addresses}, {Milliseconds:0} ms after the start began")]
    public static partial void Serving(ILogger logger, string addresses, double milliseconds);

    [LoggerMessage(4, LogLevel.Information, "SIGHUP: looked at the policy and the certificates; {Outcome}. Other options count from a restart on")]
    public static partial void Reloaded(ILogger logger, string outcome);

    [LoggerMessage(5, LogLevel.Information, "No VM is started before its template is known: {Problem}")]
    public static partial void NoBlanks(ILogger logger, string problem);
}

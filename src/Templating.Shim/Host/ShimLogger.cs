using Microsoft.Extensions.Logging;

namespace Templating.Shim.Host;

/// <summary><see cref="ShimLog"/> for those who log as the rest of the house does.</summary>
internal sealed class ShimLogger(ShimLog log) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = formatter(state, exception);
        switch (logLevel)
        {
            case LogLevel.Trace or LogLevel.Debug:
                log.Debug(line);
                break;
            case LogLevel.Information:
                log.Info(line);
                break;
            case LogLevel.Warning:
                log.Warning(line);
                break;
            default:
                log.Error(line);
                break;
        }
    }
}

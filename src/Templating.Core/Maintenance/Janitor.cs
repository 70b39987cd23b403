using Microsoft.Extensions.Logging;
using Templating.Core.Clones;
using Templating.Core.Images;
using Templating.Core.Store;

namespace Templating.Core.Maintenance;

public sealed record JanitorOptions
{
    /// <summary>How often clones are looked at: whether they answer, and whether they ended long ago.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often clones are looked at whose lifetime may be over: as exact as their ends are.</summary>
    public TimeSpan ExpireInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often images that no template uses are deleted.</summary>
    public TimeSpan CollectInterval { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>
/// Looks after what nobody calls for: clones that fell silent or whose lifetime is over, and what time alone makes garbage, clones that ended and images that no
/// template uses any more.
/// </summary>
public sealed partial class Janitor(
    CloneManager clones, TemplateStore store, ImageCache images, JanitorOptions options, TimeProvider time, ILogger<Janitor> logger)
{
    /// <summary>Runs until cancelled. A failure is logged and tried again with the next round.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(ExpireAsync(cancellationToken), CleanAsync(cancellationToken));

    /// <summary>By itself: a look at a VM that is silent takes seconds.</summary>
    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.ExpireInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            clones.EndExpired();
        }
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        var collected = time.GetTimestamp();
        using var timer = new PeriodicTimer(options.LookInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await clones.LookAsync(cancellationToken);
                await clones.ExpireFinishedAsync();
                if (time.GetElapsedTime(collected) >= options.CollectInterval)
                {
                    collected = time.GetTimestamp();
                    store.Collect();
                    images.Collect();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogFailed(logger, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Cleaning up failed; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

using Templating.Operator.Cluster;
using Templating.Operator.Leadership;

namespace Templating.Operator.Hosting;

/// <summary>
/// Runs the informers and node connections always, and the controllers while this process leads. A lost lease ends the
/// process: whatever was under way is cancelled, and the pod starts anew.
/// </summary>
internal sealed class OperatorWork(
    Caches caches, Events events, LeaderElection election, LeaderWork work, IHostApplicationLifetime lifetime, ILogger<OperatorWork> logger) : BackgroundService
{
    public bool IsReady { get; private set; }

    public bool IsLeader => work.IsLeading;

    /// <summary>Not 0 when the process is to be started again.</summary>
    public int ExitCode { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var watching = caches.RunAsync(ended.Token);
        var telling = events.RunAsync(ended.Token);
        try
        {
            await caches.WaitForSyncAsync(stoppingToken);
            IsReady = true;
            if (!await election.RunAsync(work.RunAsync, stoppingToken))
            {
                ExitCode = 1;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop before it began.
        }
#pragma warning disable CA1031 // The last stop: said, and the process ends so that it starts anew.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Broken(logger, e);
            ExitCode = 1;
        }
        finally
        {
            IsReady = false;
            await ended.CancelAsync();
            await Task.WhenAll(watching, telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lifetime.StopApplication();
        }
    }
}

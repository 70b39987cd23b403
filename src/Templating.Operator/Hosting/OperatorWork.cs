using Templating.Operator.Cluster;
using Templating.Operator.Leadership;
using Templating.Operator.Nodes;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>
/// Runs the informers and node connections always, and the controllers while this process leads. A lost lease ends the
/// process: whatever was under way is cancelled, and the pod starts anew.
/// </summary>
internal sealed class OperatorWork(
    Caches caches, NodeDirectory nodes, Events events, TriggerSources sources, IEnumerable<Controller> controllers, LeaderElection election,
    OperatorMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<OperatorWork> logger) : BackgroundService
{
    /// <summary>Nodes that cannot be reached must not hold up the others.</summary>
    private static readonly TimeSpan FirstContact = TimeSpan.FromSeconds(10);

    public bool IsReady { get; private set; }

    public bool IsLeader { get; private set; }

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
            if (!await election.RunAsync(LeadAsync, stoppingToken))
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
            IsReady = IsLeader = false;
            metrics.Leading(false);
            await ended.CancelAsync();
            await Task.WhenAll(watching, telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lifetime.StopApplication();
        }
    }

    private async Task LeadAsync(CancellationToken cancellationToken)
    {
        IsLeader = true;
        metrics.Leading(true);
        try
        {
            await nodes.WaitForFirstContactAsync(cancellationToken).WaitAsync(FirstContact, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // What is missing is told when it comes.
        }

        var all = controllers.Select(controller => new ControllerRunner(controller, sources, metrics, time, logger).RunAsync(cancellationToken)).ToList();
        Log.Working(logger, all.Count);
        await Task.WhenAll(all);
    }
}

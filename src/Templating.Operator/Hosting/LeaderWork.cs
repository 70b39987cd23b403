using Templating.Operator.Nodes;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>What only the leader does: it runs the controllers.</summary>
internal sealed class LeaderWork(
    NodeDirectory nodes, TriggerSources sources, IEnumerable<Controller> controllers, OperatorMetrics metrics, TimeProvider time, ILogger<LeaderWork> logger)
{
    /// <summary>Nodes that cannot be reached must not hold up the others.</summary>
    private static readonly TimeSpan FirstContact = TimeSpan.FromSeconds(10);

    public bool IsLeading { get; private set; }

    /// <summary>Until cancelled; returns when the last worker is done.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        SetLeading(true);
        try
        {
            await WaitForNodesAsync(cancellationToken);
            var all = controllers.Select(controller => new ControllerRunner(controller, sources, metrics, time, logger).RunAsync(cancellationToken)).ToList();
            Log.Working(logger, all.Count);
            await Task.WhenAll(all);
        }
        finally
        {
            SetLeading(false);
        }
    }

    private async Task WaitForNodesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await nodes.WaitForFirstContactAsync(cancellationToken).WaitAsync(FirstContact, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // What is missing is told when it comes.
        }
    }

    private void SetLeading(bool isLeading)
    {
        IsLeading = isLeading;
        metrics.Leading(isLeading);
    }
}

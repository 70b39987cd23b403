using System.Diagnostics;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Queues;

/// <summary>One controller at work: its triggers fill a queue, its workers empty it.</summary>
internal sealed class ControllerRunner(Controller controller, TriggerSources sources, OperatorMetrics metrics, TimeProvider time, ILogger logger)
{
    private static readonly Backoff Retries = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(60));

    private string Name => controller.Reconciler.Name;

    /// <summary>Works on everything that exists and on every change, until cancelled. Returns when the last worker is done.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var queue = new WorkQueue(Retries, change => metrics.QueueDepth(Name, change), time, controller.GoesFirst, controller.MostOthers);
        // First the changes, then what is there: nothing falls in between.
        using var subscriptions = sources.Subscribe(controller.Triggers, key => queue.AddAfter(key, controller.Gathers));
        foreach (var key in sources.Existing(controller.Triggers))
        {
            queue.Add(key);
        }

        await Task.WhenAll(Enumerable.Range(0, controller.Concurrency).Select(_ => WorkAsync(queue, cancellationToken)));
    }

    private async Task WorkAsync(WorkQueue queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                (key, var waited) = await queue.TakeAsync(cancellationToken);
                metrics.Waited(Name, waited);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await ReconcileAsync(queue, key, cancellationToken);
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(WorkQueue queue, ObjectKey key, CancellationToken cancellationToken)
    {
        using var activity = OperatorTelemetry.Source.StartActivity($"reconcile {Name}");
        activity?.SetTag("templating.key", key.ToString());
        var began = time.GetTimestamp();
        string outcome;
        try
        {
            var left = await controller.Reconciler.ReconcileAsync(key, cancellationToken);
            queue.Forget(key);
            if (left.RequeueAfter is { } delay)
            {
                queue.AddAfter(key, delay);
            }

            outcome = left.RequeueAfter is null ? "done" : "requeued";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = "cancelled";
        }
        catch (TerminalException e)
        {
            queue.Forget(key);
            Log.Terminal(logger, Name, key, e.Message);
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            outcome = "terminal";
        }
#pragma warning disable CA1031 // Whatever it was, this key alone is tried again, and the worker goes on. It is logged and counted.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var failures = queue.Retry(key);
            metrics.Retried(Name);
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            outcome = Report(e, key, failures);
        }

        metrics.Reconciled(Name, outcome, time.GetElapsedTime(began));
    }

    private string Report(Exception error, ObjectKey key, int failures)
    {
        switch (ClusterErrors.KindOf(error))
        {
            // The cache was behind the API server; by the next try it knows more.
            case ClusterErrorKind.Conflict or ClusterErrorKind.NotFound or ClusterErrorKind.AlreadyExists:
                Log.Stale(logger, Name, key, failures, error.Message);
                return "conflict";
            case not ClusterErrorKind.None when ClusterErrors.IsAnswer(error):
                Log.Refused(logger, Name, key, failures, error.Message);
                return "refused";
            case ClusterErrorKind.Transient:
                Log.Unavailable(logger, Name, key, failures, error.Message);
                return "unavailable";
            default:
                Log.Failed(logger, Name, key, failures, error);
                return "error";
        }
    }
}

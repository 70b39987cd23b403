using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers;

/// <summary>Writes a status. Where that is what is refused no condition can say so: an Event and the log do.</summary>
internal sealed class StatusApply(ClusterWriter writer, Refusals refusals, ILogger<StatusApply> logger)
{
    private const string Status = "status";

    public async Task<T> WriteAsync<T, TStatus>(T current, TStatus status, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>, IStatus<TStatus?>
        where TStatus : class
    {
        try
        {
            var written = await writer.ApplyStatusAsync(current, status, cancellationToken);
            refusals.Forget(current.Metadata.Uid, Status);
            return written;
        }
        catch (Exception error) when (!ClusterErrors.IsStale(error) && Refusal.Of(error) is { } refusal)
        {
            Log.StatusNotWritten(logger, current.Kind, ObjectKey.Of(current), refusal.Message);
            refusals.Event(current, Status, Reasons.StatusNotWritten, $"Its status could not be written. {refusal.Message}");
            throw;
        }
    }
}

using System.Text.RegularExpressions;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>Makes and deletes a pool's pods, a bounded number at a time.</summary>
internal sealed class PoolReplicator(ClusterWriter writer, PodBuilder builder, PodReservations reservations)
{
    /// <summary>Writes of one pass: the API server serves others too, and what is to be done may change meanwhile.</summary>
    public const int MaxWrites = 64;

    /// <summary>
    /// In bursts of 1, 2, 4, ... so that what is refused (a quota) is refused once, not a hundred times.
    /// </summary>
    /// <param name="made">Called for each.</param>
    /// <returns>Null, or the server's words about the first that was refused; the rest was not tried.</returns>
    public async Task<string?> CreateAsync(VMPool pool, VMTemplate template, string revision, int count, Action made, CancellationToken cancellationToken)
    {
        var plan = new PodPlan
        {
            Template = template,
            Revision = revision,
            Owner = PodBuilder.Owner(VMPool.KubeKind, pool.Metadata),
            GenerateName = PodNames.PrefixForPool(pool.Metadata.Name),
            Pod = pool.Spec.Pod,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.PoolLabel] = pool.Metadata.Name },
            Annotations = PodSpecs.Of(pool.Spec.Pod) is { } digest
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.PodSpecAnnotation] = digest }
                : new Dictionary<string, string>(StringComparer.Ordinal),
        };
        var left = Math.Min(count, MaxWrites);
        for (var burst = 1; left > 0; burst *= 2)
        {
            var now = Math.Min(burst, left);
            left -= now;
            var refusals = await Task.WhenAll(Enumerable.Range(0, now).Select(_ => CreateOneAsync(plan, made, cancellationToken)));
            if (refusals.FirstOrDefault(r => r is not null) is { } refusal)
            {
                return Anonymous(refusal, plan.GenerateName!);
            }
        }

        return null;
    }

    /// <summary>One that somebody claims at this moment is left alone, also when that is another operator.</summary>
    public async Task DeleteAsync(IEnumerable<V1Pod> pods, CancellationToken cancellationToken) =>
        await Task.WhenAll(pods.Take(MaxWrites).Select(p => DeleteOneAsync(p, cancellationToken)));

    /// <summary>Nobody is left on their node who could end them in order.</summary>
    public async Task ForgetAsync(IEnumerable<V1Pod> pods, CancellationToken cancellationToken) => await Task.WhenAll(pods.Take(MaxWrites)
        .Select(p => writer.DeleteAsync<V1Pod>(ObjectKey.Of(p), p.Metadata.Uid, 0, cancellationToken)));

    private async Task<string?> CreateOneAsync(PodPlan plan, Action made, CancellationToken cancellationToken)
    {
        try
        {
            await writer.CreateAsync(builder.Build(plan), cancellationToken);
            made();
            return null;
        }
        catch (HttpOperationException refusal) when (ClusterErrors.IsAnswer(refusal))
        {
            return ClusterErrors.MessageOf(refusal);
        }
    }

    /// <summary>Each try has another name, which is nobody's: with it a message would be another one each time.</summary>
    private static string Anonymous(string message, string prefix) => Regex.Replace(
        message, $"{Regex.Escape(prefix)}[a-z0-9]{{{PodNames.SuffixLength}}}(?![a-z0-9])", prefix + "*", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private async Task DeleteOneAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        if (!reservations.TryTake(pod.Metadata.Uid))
        {
            return;
        }

        var deleted = false;
        try
        {
            deleted = await writer.DeleteUnchangedAsync(pod, cancellationToken);
        }
        finally
        {
            if (deleted)
            {
                reservations.Retire(pod.Metadata.Uid);
            }
            else
            {
                reservations.Release(pod.Metadata.Uid);
            }
        }
    }
}

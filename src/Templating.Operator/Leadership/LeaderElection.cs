using k8s.Autorest;
using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.Operator.Leadership;

/// <summary>
/// Holds a Lease (coordination.k8s.io/v1). KubernetesClient has an elector too; it does not give the lease back when it ends,
/// takes the time from the system alone, and tells of a lost lease by an event while work goes on. Here the work's token is
/// cancelled at once when the lease cannot be renewed in time, which is some seconds before anybody else may take it.
/// Clocks of machines are not compared: a lease counts as abandoned when this process saw it unchanged for its whole time.
/// </summary>
internal sealed class LeaderElection(
    ClusterApi api, string @namespace, string identity, LeaderOptions options, TimeProvider time, ILogger<LeaderElection> logger)
{
    private readonly ObjectKey _key = new(@namespace, options.Name);
    private string? _seenVersion;
    private long _seenAt;

    private TimeSpan Retry => TimeSpan.FromSeconds(options.RetrySeconds);

    /// <summary>
    /// Waits for the lease, then runs <paramref name="lead"/> with a token that is cancelled when the lease is lost. Gives the
    /// lease back at the end.
    /// </summary>
    /// <returns>True when it ended because it was told to; false when the lease was lost.</returns>
    public async Task<bool> RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        var lease = await AcquireAsync(cancellationToken);
        if (lease is null)
        {
            return true;
        }

        Log.Leading(logger, identity, _key);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = lead(ended.Token);
        var renewing = RenewAsync(lease, ended.Token);
        await Task.WhenAny(work, renewing);
        // First the work: when nothing of it runs any more, somebody else may begin.
        await ended.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // As it was told.
        }
        finally
        {
            lease = await renewing;
            if (lease is not null)
            {
                await ReleaseAsync(lease);
            }
        }

        return lease is not null;
    }

    /// <returns>Null when cancelled.</returns>
    private async Task<V1Lease?> AcquireAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (await TryTakeAsync(cancellationToken) is { } lease)
                {
                    return lease;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception e) when (e is HttpOperationException || ClusterErrors.KindOf(e) != ClusterErrorKind.None)
            {
                // Another one was first, or the server does not answer: tried again either way.
                Log.TakeFailed(logger, _key, e.Message);
            }

            await Task.Delay(Retry, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    private async Task<V1Lease?> TryTakeAsync(CancellationToken cancellationToken)
    {
        var found = await api.GetAsync<V1Lease>(_key, cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        if (found is null)
        {
            var made = new V1Lease
            {
                ApiVersion = "coordination.k8s.io/v1",
                Kind = "Lease",
                Metadata = new V1ObjectMeta { Name = _key.Name, NamespaceProperty = _key.Namespace },
                Spec = new V1LeaseSpec { AcquireTime = now, LeaseTransitions = 0 },
            };
            Stamp(made, now);
            return await api.SendAsync<V1Lease>(
                HttpMethod.Post, ResourceType.Of<V1Lease>().Collection(_key.Namespace), ObjectJson.Write(made), null, cancellationToken);
        }

        if (found.Metadata.ResourceVersion != _seenVersion)
        {
            (_seenVersion, _seenAt) = (found.Metadata.ResourceVersion, time.GetTimestamp());
        }

        var holder = found.Spec?.HolderIdentity;
        var isAbandoned = time.GetElapsedTime(_seenAt) >= TimeSpan.FromSeconds(found.Spec?.LeaseDurationSeconds ?? options.LeaseSeconds);
        if (!string.IsNullOrEmpty(holder) && holder != identity && !isAbandoned)
        {
            return null;
        }

        found.Spec ??= new V1LeaseSpec();
        if (holder != identity)
        {
            found.Spec.LeaseTransitions = (found.Spec.LeaseTransitions ?? 0) + 1;
            found.Spec.AcquireTime = now;
        }

        Stamp(found, now);
        return await UpdateAsync(found, cancellationToken);
    }

    /// <summary>Until cancelled or lost.</summary>
    /// <returns>The lease where it is still ours; null where it was lost.</returns>
    private async Task<V1Lease?> RenewAsync(V1Lease lease, CancellationToken cancellationToken)
    {
        var deadline = TimeSpan.FromSeconds(options.RenewDeadlineSeconds);
        var renewed = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(Retry, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return lease;
            }

            var left = deadline - time.GetElapsedTime(renewed);
            if (left <= TimeSpan.Zero)
            {
                Log.Lost(logger, _key, $"it could not be renewed for {deadline.TotalSeconds} s.");
                return null;
            }

            var tried = time.GetTimestamp();
            using var limit = new CancellationTokenSource(left, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                Stamp(lease, time.GetUtcNow().UtcDateTime);
                lease = await UpdateAsync(lease, either.Token);
                renewed = tried;
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                // Told to end, or out of time: seen above.
            }
            catch (Exception e) when (e is HttpOperationException || ClusterErrors.KindOf(e) != ClusterErrorKind.None)
            {
                Log.RenewFailed(logger, _key, e.Message);
                if (ClusterErrors.KindOf(e) is ClusterErrorKind.Conflict or ClusterErrorKind.NotFound
                    && await LookAgainAsync(either.Token) is var (isLost, present))
                {
                    if (isLost)
                    {
                        Log.Lost(logger, _key, "somebody else has it.");
                        return null;
                    }

                    lease = present ?? lease;
                }
            }
        }
    }

    /// <summary>A renewal whose answer was lost makes the next one a conflict, though the lease is ours.</summary>
    private async Task<(bool IsLost, V1Lease? Lease)> LookAgainAsync(CancellationToken cancellationToken)
    {
        try
        {
            var present = await api.GetAsync<V1Lease>(_key, cancellationToken);
            return (present?.Spec?.HolderIdentity != identity, present);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpOperationException || ClusterErrors.KindOf(e) != ClusterErrorKind.None)
        {
            return (false, null);
        }
    }

    private async Task ReleaseAsync(V1Lease lease)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
        try
        {
            lease.Spec.HolderIdentity = "";
            lease.Spec.LeaseDurationSeconds = 1;
            lease.Spec.RenewTime = time.GetUtcNow().UtcDateTime;
            await UpdateAsync(lease, limit.Token);
            Log.Released(logger, _key);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpOperationException || ClusterErrors.KindOf(e) != ClusterErrorKind.None)
        {
            // Then it runs out by itself.
            Log.RenewFailed(logger, _key, e.Message);
        }
    }

    private void Stamp(V1Lease lease, DateTime now)
    {
        lease.Spec.HolderIdentity = identity;
        lease.Spec.RenewTime = now;
        lease.Spec.LeaseDurationSeconds = (int)Math.Ceiling(options.LeaseSeconds);
    }

    private Task<V1Lease> UpdateAsync(V1Lease lease, CancellationToken cancellationToken) => api.SendAsync<V1Lease>(
        HttpMethod.Put, ResourceType.Of<V1Lease>().Item(_key), ObjectJson.Write(lease), null, cancellationToken);
}

using System.Diagnostics;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>Creates VMClones; each is timed from before its create call until its Ready event.</summary>
internal sealed class CloneTimer(ClusterClient client, ObjectWatch<VMClone> clones, string @namespace)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    /// <param name="name">Its own.</param>
    /// <param name="fromPool">Or of the template.</param>
    /// <param name="called">The create call is over, whatever came of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<CloneTime> CreateAsync(string name, bool fromPool, Action called, CancellationToken cancellationToken)
    {
        long begun;
        long created;
        Task<long> ready;
        try
        {
            ready = clones.WhenAsync(name, Conditions.Ready, Limit, cancellationToken);
            begun = Stopwatch.GetTimestamp();
            await client.Clones.CreateNamespacedAsync(Specs.MakeClone(name, fromPool), @namespace, cancellationToken);
            created = Stopwatch.GetTimestamp();
        }
        finally
        {
            called();
        }

        return new CloneTime(name, begun, created, await ready);
    }

    /// <summary>The answer is a Status or the object that has yet to go, so it is read as neither.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await client.Api.CustomObjects.DeleteNamespacedCustomObjectWithHttpMessagesAsync(
            Group.Name, Group.Version, @namespace, VMClone.Plural, name, cancellationToken: cancellationToken);
    }

    /// <summary>Of so many, spread evenly, the percentage that is taken from the pool.</summary>
    public static bool IsFromPool(int number, int poolPercent) => (number + 1) * poolPercent / 100 > number * poolPercent / 100;
}

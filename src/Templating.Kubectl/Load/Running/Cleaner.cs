using System.Net;
using k8s.Autorest;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Kubernetes.Calls;

namespace Templating.Kubectl.Load.Running;

/// <summary>Removes what load tests made, by their label, and waits until it is gone.</summary>
internal sealed class Cleaner(LoadApi api, TimeProvider time)
{
    /// <summary>A pod is gone when its kubelet says so, and a VM may take its grace.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    private int _removed;

    /// <summary>Objects that were there and are gone.</summary>
    public int Removed => _removed;

    /// <param name="namespaces">Where.</param>
    /// <param name="selector">Of their labels.</param>
    /// <param name="limit">For the server to answer, and for what is deleted to be gone.</param>
    /// <returns>What is still there; nothing where all is gone.</returns>
    public async Task<IReadOnlyList<Leftover>> CleanAsync(IEnumerable<string> namespaces, string selector, TimeSpan limit)
    {
        var left = await Task.WhenAll(namespaces.SelectMany(ns => LoadKind.Made.Select(kind => CleanAsync(kind, ns, selector, limit))));
        return [.. left.OfType<Leftover>()];
    }

    /// <summary>The namespaces that have something of them.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(string selector, CancellationToken cancellationToken)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var kind in LoadKind.Made)
        {
            try
            {
                found.UnionWith((await api.ListAsync<AnyObject>(kind, null, selector, cancellationToken)).Items.Select(i => i.Metadata.NamespaceProperty));
            }
            catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
            {
                // A cluster without our resources.
            }
        }

        return [.. found];
    }

    /// <summary>Nobody comes after it: a server that is away for a while is asked again as long as there is time.</summary>
    private async Task<Leftover?> CleanAsync(LoadKind kind, string @namespace, string selector, TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit, time);
        var problem = "no answer in time";
        var there = new HashSet<string>(StringComparer.Ordinal);
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await OnceAsync(kind, @namespace, selector, there, late.Token);
            }
            catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
            {
                // The cluster has no such resources, and so none of them.
                return null;
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested)
            {
                return Left();
            }
            catch (Exception e) when (Refusals.IsPassing(e))
            {
                problem = e.Message;
            }
            catch (HttpOperationException e)
            {
                problem = e.Message;
                return Left();
            }

            try
            {
                await Task.Delay(Pauses.Delay(failures), time, late.Token);
            }
            catch (OperationCanceledException)
            {
                return Left();
            }
        }

        Leftover Left() => new(@namespace, $"{kind.Plural} in namespace {@namespace}: {problem}");
    }

    /// <param name="there">Gets what was seen, also by an earlier try.</param>
    private async Task<Leftover?> OnceAsync(LoadKind kind, string @namespace, string selector, HashSet<string> there, CancellationToken late)
    {
        var listed = await api.ListAsync<AnyObject>(kind, @namespace, selector, late);
        there.UnionWith(listed.Items.Select(i => i.Metadata.Name));
        var left = new HashSet<string>(StringComparer.Ordinal);
        if (listed.Items.Count > 0)
        {
            await api.DeleteAllAsync(kind, @namespace, selector, late);
            left = await UntilGoneAsync(kind, @namespace, selector, late);
        }

        Interlocked.Add(ref _removed, there.Except(left, StringComparer.Ordinal).Count());
        return left.Count == 0 ? null : new(
            @namespace, $"{left.Count} {kind.Plural} in namespace {@namespace}, deleted but not gone: {string.Join(", ", left.Order(StringComparer.Ordinal).Take(3))}");
    }

    /// <returns>What is still there when it is late.</returns>
    private async Task<HashSet<string>> UntilGoneAsync(LoadKind kind, string @namespace, string selector, CancellationToken late)
    {
        using var end = new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, late);
        var there = new HashSet<string>(StringComparer.Ordinal);
        var watch = new ObjectWatch<AnyObject>(
            api, kind, @namespace, selector, time,
            seen: item => there.Add(item.Metadata.Name),
            gone: item =>
            {
                there.Remove(item.Metadata.Name);
                EndIfNone();
            },
            listed: names =>
            {
                there.IntersectWith(names);
                EndIfNone();
            });
        await watch.RunAsync(either.Token);
        if (!end.IsCancellationRequested && there.Count == 0)
        {
            // It never came to its first list, and knows nothing.
            late.ThrowIfCancellationRequested();
        }

        return there;

        void EndIfNone()
        {
            if (there.Count == 0)
            {
                _ = end.CancelAsync();
            }
        }
    }
}

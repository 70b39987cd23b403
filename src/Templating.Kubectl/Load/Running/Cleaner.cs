using System.Net;
using k8s.Autorest;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;

namespace Templating.Kubectl.Load.Running;

/// <summary>Removes what load tests made, by their label, and waits until it is gone.</summary>
internal sealed class Cleaner(LoadApi api, TimeProvider time)
{
    /// <summary>A pod is gone when its kubelet says so, and a VM may take its grace.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="namespaces">Where.</param>
    /// <param name="selector">Of their labels.</param>
    /// <param name="limit">For what is deleted to be gone.</param>
    /// <returns>What is still there, in words; nothing where all is gone.</returns>
    public async Task<IReadOnlyList<string>> CleanAsync(IEnumerable<string> namespaces, string selector, TimeSpan limit)
    {
        var left = await Task.WhenAll(namespaces.SelectMany(ns => LoadKind.Made.Select(kind => CleanAsync(kind, ns, selector, limit))));
        return [.. left.OfType<string>()];
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

    private async Task<string?> CleanAsync(LoadKind kind, string @namespace, string selector, TimeSpan limit)
    {
        try
        {
            var there = await api.ListAsync<AnyObject>(kind, @namespace, selector, CancellationToken.None);
            if (there.Items.Count == 0)
            {
                return null;
            }

            await api.DeleteAllAsync(kind, @namespace, selector);
            return await UntilGoneAsync(kind, @namespace, selector, limit);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // The cluster has no such resources, and so none of them.
            return null;
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException or TimeoutException)
        {
            return $"{kind.Plural} in namespace {@namespace}: {e.Message}";
        }
    }

    private async Task<string?> UntilGoneAsync(LoadKind kind, string @namespace, string selector, TimeSpan limit)
    {
        using var end = new CancellationTokenSource();
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, late.Token);
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
        return end.IsCancellationRequested
            ? null
            : $"{there.Count} {kind.Plural} in namespace {@namespace}, deleted but not gone: {string.Join(", ", there.Order(StringComparer.Ordinal).Take(3))}";

        void EndIfNone()
        {
            if (there.Count == 0)
            {
                _ = end.CancelAsync();
            }
        }
    }
}

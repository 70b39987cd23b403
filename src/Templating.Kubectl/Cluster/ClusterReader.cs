using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Cluster;

internal static class ClusterReader
{
    public static async Task<Snapshot> ReadAsync(ClusterConnection cluster, bool withEvents, CancellationToken cancellationToken)
    {
        var templates = ListAsync<VMTemplate>(cluster, VMTemplate.Plural, cancellationToken);
        var pools = ListAsync<VMPool>(cluster, VMPool.Plural, cancellationToken);
        var clones = ListAsync<VMClone>(cluster, VMClone.Plural, cancellationToken);
        var pods = PodsAsync(cluster, cancellationToken);
        var installation = InstallationAsync(cluster, cancellationToken);
        var events = withEvents ? EventsAsync(cluster, cancellationToken) : Task.FromResult<IList<Corev1Event>>([]);
        return new Snapshot
        {
            Templates = [.. await templates],
            Pools = [.. await pools],
            Clones = [.. await clones],
            Pods = [.. await pods],
            Events = [.. await events],
            Installation = await installation,
        };
    }

    public static async Task<IList<V1Pod>> PodsAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        var core = cluster.Client.CoreV1;
        return (cluster.ListNamespace is { } one
            ? await core.ListNamespacedPodAsync(one, labelSelector: Keys.TemplateLabel, cancellationToken: cancellationToken)
            : await core.ListPodForAllNamespacesAsync(labelSelector: Keys.TemplateLabel, cancellationToken: cancellationToken)).Items;
    }

    public static async Task<IList<T>> ListAsync<T>(ClusterConnection cluster, string plural, CancellationToken cancellationToken)
    {
        using var client = new GenericClient(cluster.Client, Group.Name, Group.Version, plural, disposeClient: false);
        try
        {
            var list = cluster.ListNamespace is { } one
                ? await client.ListNamespacedAsync<ItemList<T>>(one, cancel: cancellationToken)
                : await client.ListAsync<ItemList<T>>(cancel: cancellationToken);
            return list.Items;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            throw new PluginException($"This cluster has no {plural}.{Group.Name}: Templating is not installed there (docs/kubernetes/install.md).", e);
        }
    }

    private static async Task<IList<Corev1Event>> EventsAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        var core = cluster.Client.CoreV1;
        return (cluster.ListNamespace is { } one
            ? await core.ListNamespacedEventAsync(one, cancellationToken: cancellationToken)
            : await core.ListEventForAllNamespacesAsync(cancellationToken: cancellationToken)).Items;
    }

    /// <summary>Someone with rights in a namespace of theirs alone does without.</summary>
    private static async Task<IReadOnlyList<V1Pod>?> InstallationAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        try
        {
            var list = await cluster.Client.CoreV1.ListPodForAllNamespacesAsync(
                labelSelector: InstallationLabels.Selector, cancellationToken: cancellationToken);
            return [.. list.Items];
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            return null;
        }
    }
}

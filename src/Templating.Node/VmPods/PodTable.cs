using System.Collections.Concurrent;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Node.Mapping;

namespace Templating.Node.VmPods;

/// <summary>The VM pods of this node; empty where no volumes are served.</summary>
internal sealed class PodTable
{
    private readonly ConcurrentDictionary<string, PublishedPod> _pods = new(StringComparer.Ordinal);
    private readonly Broadcaster<Change<PublishedPod>> _changes = new(
        Changes.Merging<PublishedPod>(pod => pod.Volume.Id, pod => 1024 + (2L * pod.Status.CalculateSize())));

    public int Count => _pods.Count;

    public IReadOnlyList<PublishedPod> List(string? tenant) =>
        [.. _pods.Values.Where(pod => tenant is null || string.Equals(pod.Volume.Tenant, tenant, StringComparison.Ordinal))];

    /// <exception cref="TemplatingException">PodNotFound.</exception>
    public PublishedPod Get(PodName name) =>
        _pods.Values.Where(pod => string.Equals(pod.Volume.PodUid, name.Uid, StringComparison.Ordinal)
                && string.Equals(pod.Volume.Tenant, name.Tenant, StringComparison.Ordinal))
            // A pod may have two volumes of ours; its process uses one.
            .MaxBy(pod => pod.Status.State)
        ?? throw new TemplatingException(
            ErrorCode.PodNotFound, $"There is no {name} on this node: none of its volumes is published here.");

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    public IAsyncEnumerable<Change<PublishedPod>> WatchAsync(CancellationToken cancellationToken) => _changes.SubscribeAsync(cancellationToken);

    /// <summary>Does nothing where nothing changed.</summary>
    public void Set(PublishedPod pod)
    {
        var kind = ChangeKind.Modified;
        var changed = true;
        _pods.AddOrUpdate(
            pod.Volume.Id,
            _ =>
            {
                (kind, changed) = (ChangeKind.Added, true);
                return pod;
            },
            (_, known) =>
            {
                (kind, changed) = (ChangeKind.Modified, !known.Equals(pod));
                return pod;
            });
        if (changed)
        {
            _changes.Publish(new Change<PublishedPod>(kind, pod));
        }
    }

    public void Remove(string volumeId)
    {
        if (_pods.TryRemove(volumeId, out var pod))
        {
            _changes.Publish(new Change<PublishedPod>(ChangeKind.Deleted, pod));
        }
    }
}

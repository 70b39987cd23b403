using Templating.Core.Errors;
using Templating.Core.Store;
using Templating.Core.Vms;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Mapping;

namespace Templating.Node.VmPods;

/// <summary>
/// What VM pods use first of their template's files, beside what the daemon's own clones do. A pod tells it when it is ready, for its QEMU is its own; the
/// daemon reads it ahead when it publishes a volume, and when one that waited is activated.
/// </summary>
internal sealed class PodPages(FirstPages pages, TemplateStore store, TimeProvider time)
{
    /// <summary>For a pod to answer: it reads some thousand entries of /proc.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>Asks a pod that has just become ready, where nobody knows of its revision.</summary>
    /// <returns>Done when it is noted; nobody has to wait for it. Never faults.</returns>
    public Task Learn(VolumeView volume) => store.Find(volume.Revision.Template, volume.Revision.Revision) is { } revision
        ? pages.Learn(VmSource.Of(revision, store), async () =>
        {
            using var folder = PodSocketFolder.TryOpen(volume);
            using var limit = new CancellationTokenSource(AnswerLimit, time);
            var said = folder is null ? null : await folder.Client.QueryUsedAsync(limit.Token);
            return (said is null ? null : UsedPartsMapping.Read(said.Used, [revision.Manifest.Memory.Size, .. revision.Manifest.Images.Select(image => image.Size)]))
                ?? throw new TemplatingException(ErrorCode.PodUnavailable, "The pod does not say what it has used.");
        })
        : Task.CompletedTask;

    /// <summary>Reads ahead for a VM that has waited, perhaps for long.</summary>
    public void Fetch(VolumeView volume)
    {
        if (store.Find(volume.Revision.Template, volume.Revision.Revision) is { } revision)
        {
            _ = pages.Fetch(VmSource.Of(revision, store));
        }
    }
}

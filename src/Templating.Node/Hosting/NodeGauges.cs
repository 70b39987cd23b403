using Microsoft.Extensions.Options;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Vms;
using Templating.Node.Files;
using Templating.Node.Options;
using Templating.Node.VmPods;

namespace Templating.Node.Hosting;

/// <summary>What the node is measured by when somebody looks, and the beginning of what is counted. Starts after the exporters.</summary>
internal sealed class NodeGauges(
    TemplatingMetrics metrics, TemplateStore store, ICloneManager clones, PodTable pods, TlsFiles tls, IOptions<NodeOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Begin();
        PodGauges.Observe(metrics, pods);
        metrics.ObserveBytes("templating.memory.guests", "RAM that the guests of VMs on the node have.", new Dictionary<VmOwner, Func<long>>
        {
            [VmOwner.Clone] = () => MemoryOf(clones.List(tenant: null).Where(clone => !VmTransitions.IsEnd(clone.State)).Select(clone => clone.Template)),
            [VmOwner.Pod] = () => MemoryOf(PodGauges.Revisions(pods)),
        });
        metrics.ObserveBytes("templating.store.free", "Bytes free in the store's file system.", () => new DriveInfo(options.Value.StorePath).AvailableFreeSpace);
        metrics.ObserveBytes("templating.store.size", "Bytes of the store's file system.", () => new DriveInfo(options.Value.StorePath).TotalSize);
        metrics.ObserveSeconds("templating.certificate.remaining", "Time until the daemon's certificate expires.", tls.Remaining);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private long MemoryOf(IEnumerable<RevisionName> revisions) => revisions.CountBy(revision => revision)
        .Sum(uses => uses.Value * (store.Find(uses.Key.Template, uses.Key.Revision)?.Manifest.Machine.MemoryBytes ?? 0));
}

using Templating.IntegrationTests.Node;
using Templating.Testing;
using Templating.Testing.Metrics;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Kubernetes;

/// <summary>The daemon measures the VM pods of its node: a real pod's process in a real volume.</summary>
public sealed class PodMetricsTests : NodeTest
{
    [Fact]
    public async Task AVmPodIsMeasuredFromItsStartToItsDeath()
    {
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var node = await ClusterNode.StartAsync(("METRICS_ADDRESS", address));
        var metrics = new Uri($"http://{address}/metrics");
        await Should.ThrowAsync<Grpc.Core.RpcException>(
            node.Csi.NodePublishVolumeAsync(node.Publication("none", tenant: "other"), cancellationToken: Limit).ResponseAsync);
        using var pod = PodProcess.StartIn(await node.PublishAsync("one", Limit), "--identity-timeout", "4m");

        await pod.WaitAsync(PodState.Ready, Limit);

        var scrape = await UntilAsync(metrics, s => s.Sum("templating_clones", ("owner", "pod"), ("state", "READY")) == 1, "its pod is ready");
        scrape.Sum("templating_clone_start_duration_seconds_count", ("owner", "pod"), ("start", "cold"), ("outcome", "ok")).ShouldBe(1);
        foreach (var phase in (string[])["qemu_start", "restore", "resume", "identity"])
        {
            scrape.Sum("templating_clone_phase_duration_seconds_count", ("owner", "pod"), ("phase", phase), ("outcome", "ok")).ShouldBe(1, phase);
        }

        scrape.Sum("templating_memory_guests_bytes", ("owner", "pod")).ShouldNotBeNull().ShouldBeGreaterThan(1 << 20);
        scrape.Sum("templating_refusals_total", ("reason", "TEMPLATE_NOT_FOUND")).ShouldBe(1);
        scrape.Sum("templating_clones_ended_total", ("owner", "pod")).ShouldBe(0);

        Signals.Send(pod.Machines.ShouldHaveSingleItem(), Signals.Kill);

        scrape = await UntilAsync(metrics, s => s.Sum("templating_clones_ended_total", ("owner", "pod")) == 1, "its end is counted");
        scrape.Sum("templating_clones_ended_total", ("owner", "pod"), ("expected", "false"), ("reason", "QEMU_EXITED")).ShouldBe(1);
        scrape.Sum("templating_clones", ("owner", "pod"), ("state", "READY")).ShouldBe(0);
        await pod.EndAsync(Limit);
        await node.UnpublishAsync("one", Limit);
    }

    private async Task<Scrape> UntilAsync(Uri metrics, Func<Scrape, bool> condition, string what)
    {
        Scrape? scrape = null;
        await Eventually.UntilAsync(async () => condition(scrape = await Scrape.OfAsync(metrics, Limit)), what, cancellationToken: Limit);
        return scrape!;
    }
}

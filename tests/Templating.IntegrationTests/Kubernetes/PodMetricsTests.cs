using Templating.Core.Linux;
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

    [Fact]
    public async Task WhatAPodsVmUsedIsReadAheadForTheNextVolumeWhereThePageCacheHasLostIt()
    {
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var node = await ClusterNode.StartAsync(("METRICS_ADDRESS", address), ("LOG_LEVEL", "debug"));
        var metrics = new Uri($"http://{address}/metrics");
        var target = await node.PublishAsync("one", Limit);
        using (var pod = PodProcess.StartIn(target, "--identity-timeout", "4m"))
        {
            await pod.WaitAsync(PodState.Ready, Limit);
            await Eventually.UntilAsync(
                () => Task.FromResult(node.Node.Daemon.ReadLog().Contains("bytes of its files until it was ready", StringComparison.Ordinal)), "it is learned", cancellationToken: Limit);
            Signals.Send(pod.Machines.ShouldHaveSingleItem(), Signals.Kill);
            await pod.EndAsync(Limit);
        }

        // What is mapped is not let go of; and the kernel keeps for a moment what another CPU has just put there.
        var memory = Path.Combine(node.Node.Folder.RevisionFolder((await node.Node.Client.GetTemplateAsync(Limit)).Name), "memory");
        var volumes = 1;
        await UntilAsync(metrics, s => s.Sum("templating_template_read_ahead_bytes_total") is null or 0, "nothing was lost so far");
        await Eventually.UntilAsync(
            async () =>
            {
                using (var file = File.OpenHandle(memory))
                {
                    PageCache.Drop(file);
                }

                await node.PublishAsync($"more-{++volumes}", Limit);
                return (await Scrape.OfAsync(metrics, Limit)).Sum("templating_template_read_ahead_bytes_total") > 0;
            },
            "it is read ahead", cancellationToken: Limit);
        for (; volumes > 1; volumes--)
        {
            await node.UnpublishAsync($"more-{volumes}", Limit);
        }

        await node.UnpublishAsync("one", Limit);
    }

    private async Task<Scrape> UntilAsync(Uri metrics, Func<Scrape, bool> condition, string what)
    {
        Scrape? scrape = null;
        await Eventually.UntilAsync(async () => condition(scrape = await Scrape.OfAsync(metrics, Limit)), what, cancellationToken: Limit);
        return scrape!;
    }
}

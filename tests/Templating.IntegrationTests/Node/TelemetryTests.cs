using System.Diagnostics;
using System.Text.RegularExpressions;
using Grpc.Core;
using Templating.Testing;
using Templating.Testing.Metrics;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed partial class TelemetryTests : NodeTest
{
    [Fact]
    public async Task MetricsEndpointHasEveryMetricThatIsDocumented()
    {
        var address = $"127.0.0.1:{FreePort.Next()}";
        using var certificates = new Certificates();
        var (certificate, key) = certificates.Server();
        using var tree = new TempFolder();
        await using var node = await TestNode.StartAsync(
            ("IMAGES_FOLDERS", "/tmp"), ("BLANKS_COUNT", "1"), ("POOL_CPU_PRESSURE", "100"), ("POOL_MEMORY_PRESSURE", "100"),
            ("METRICS_ADDRESS", address), ("TCP_ADDRESS", $"127.0.0.1:{FreePort.Next()}"), ("TCP_CERTIFICATE_PATH", certificate),
            ("TCP_KEY_PATH", key), ("TCP_CLIENT_CA_PATH", certificates.Authority));
        var metrics = new Uri($"http://{address}/metrics");

        // Before anything was done: who asks for an increase has to see where it began.
        var first = await Scrape.OfAsync(metrics, Limit);
        foreach (var owner in (string[])["clone", "pod"])
        {
            first.Sum("templating_clones_ended_total", ("owner", owner), ("expected", "false"), ("reason", "QEMU_EXITED")).ShouldBe(0);
            first.Sum("templating_memory_guests_bytes", ("owner", owner)).ShouldBe(0);
        }

        first.Sum("templating_refusals_total", ("reason", "DISK_FULL")).ShouldBe(0);
        first.Sum("templating_pool_takes_total", ("from", "restored")).ShouldBe(0);
        first.Sum("templating_pool_waiting", ("kind", "restored")).ShouldBe(0);
        first.Sum("templating_clones", ("owner", "clone"), ("state", "RUNNING")).ShouldBe(0);
        first.Sum("templating_clones", ("owner", "pod"), ("state", "WAITING")).ShouldBe(0);
        first.Sum("templating_certificate_remaining_seconds").ShouldNotBeNull().ShouldBeInRange(60, 7200);

        var clone = await node.Client.CloneAsync(Limit);
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit);
        await node.Client.CloneAsync(Limit);
        // Made once, and found once.
        var publish = new PublishImageRequest { Tenant = PreparedStore.Tenant, Folder = tree.Path };
        await node.Client.Images.PublishImageAsync(publish, cancellationToken: Limit);
        await node.Client.Images.PublishImageAsync(publish, cancellationToken: Limit);
        // Started once for a pool.
        var pool = new Pool { Name = $"tenants/{PreparedStore.Tenant}/pools/web", Template = PreparedStore.Template, Sizes = new PoolSizes { Restored = 1 } };
        await node.Client.Pools.SetPoolAsync(new SetPoolRequest { Pool = pool }, cancellationToken: Limit);
        await Eventually.UntilAsync(
            async () => (await node.Client.Pools.GetPoolAsync(new GetPoolRequest { Name = pool.Name }, cancellationToken: Limit)).Status.Restored == 1,
            "one waits", cancellationToken: Limit);
        var spec = GuestSpecs.Web();
        spec.Machine.MachineType = "pc-q35-0.1";
        await FailsAsync(node.Client.BuildAsync("other", spec, Limit), StatusCode.FailedPrecondition, "QEMU_UNSUPPORTED");
        using var http = new HttpClient();

        // What is served is kept for a moment, so that many who ask cost no more than one.
        Scrape? latest = null;
        await Eventually.UntilAsync(
            async () => (latest = await Scrape.OfAsync(metrics, Limit)).Sum("templating_refusals_total", ("reason", "QEMU_UNSUPPORTED")) == 1
                && latest.Sum("templating_blank_start_duration_seconds_count") >= 1,
            "the refusal is counted, and a blank VM's start", cancellationToken: Limit);
        var scrape = latest!;

        var text = scrape.Text;
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "telemetry.md"), Limit);
        var asked = PromSelectors.Of(ofOperator: false);
        asked.Count.ShouldBeGreaterThan(20);
        asked.Select(selector => scrape.Misses(selector, page)).OfType<string>().ShouldBeEmpty();
        scrape.Sum("templating_clones", ("owner", "clone"), ("state", "RUNNING")).ShouldBe(1);
        scrape.Sum("templating_memory_guests_bytes", ("owner", "clone")).ShouldNotBeNull().ShouldBeGreaterThan(1 << 20);
        scrape.Sum("templating_store_free_bytes").ShouldNotBeNull().ShouldBeLessThan(scrape.Sum("templating_store_size_bytes")!.Value);
        var documented = Documented(page);
        documented.Count.ShouldBeGreaterThan(8);
        foreach (var name in documented)
        {
            text.ShouldContain("\n" + name, customMessage: name);
        }

        text.ShouldContain("le=\"0.001\"");
        text.ShouldNotContain(clone.Id);
        text.ShouldNotContain(PreparedStore.Tenant + "\"");
        (await Should.ThrowAsync<HttpRequestException>(http.GetStringAsync(new Uri($"http://{address}/"), Limit))).Message.ShouldContain("404");
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/v1/traces")]
    public async Task SpansOfACloneGoOnInTheCallersTrace(string variable, string path)
    {
        await using var collector = new TraceCollector(FreePort.Next());
        await using var node = await TestNode.StartAsync(
            (variable, collector.Address + path), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"));
        var trace = ActivityTraceId.CreateRandom();
        var headers = new Metadata { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" } };

        await node.Client.Clones.CreateCloneAsync(new CreateCloneRequest { Spec = NodeCalls.Spec() }, headers, cancellationToken: Limit);

        // In OTLP each span has its trace's 16 bytes and its name as they are.
        var id = new byte[16];
        trace.CopyTo(id);
        foreach (var span in (string[])["clone.create", "clone.verify", "clone.qemu_start", "clone.restore", "clone.resume", "clone.identity"])
        {
            await collector.WaitForAsync(id, span, Limit);
        }
    }

    /// <summary>The names of docs/telemetry.md as Prometheus has them: underscores, the unit, and what the kind adds.</summary>
    /// <summary>The daemon's: the operator's have a section of their own.</summary>
    private static List<string> Documented(string page)
    {
        return
        [
            .. Row().Matches(page.Split("## The operator")[0]).Select(row => row.Groups["name"].Value.Replace('.', '_') + row.Groups["kind"].Value switch
            {
                "histogram, s" => "_seconds_bucket",
                "gauge, By" => "_bytes",
                "gauge, s" => "_seconds",
                var kind when kind.StartsWith("counter", StringComparison.Ordinal) => "_total",
                _ => "{",
            }),
        ];
    }

    [GeneratedRegex(@"^\| `(?<name>templating\.[a-z.]+)` \| (?<kind>[^|]+?) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();
}

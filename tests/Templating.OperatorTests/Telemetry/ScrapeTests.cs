using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes.Metrics;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using Templating.Testing.Metrics;

namespace Templating.OperatorTests.Telemetry;

/// <summary>What the operator's /metrics serves, against what is said of it and asked of it.</summary>
[Collection(AloneCollection.Name)]
public sealed class ScrapeTests
{
    [Fact]
    public async Task EverythingThatAlertsAndPanelsAskOfTheOperatorIsServed()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        await using var test = await TestSpace.PrepareAsync();
        await test.AddNodeAsync();
        var app = await test.StartOperatorAsync("one");
        var metrics = new Uri(new Uri(app.Urls.Single()), "metrics");

        // Before anything was done: who asks for an increase has to see where it began.
        await Eventually.UntilAsync(async () => (await Scrape.OfAsync(metrics, deadline.Token)).Sum("templating_operator_leader") == 1, "it leads");
        var first = await Scrape.OfAsync(metrics, deadline.Token);
        first.Sum("templating_operator_builds_total", ("outcome", "failed")).ShouldBe(0);
        first.Sum("templating_operator_claims_total", ("start", "cold"), ("from", "pool")).ShouldBe(0);
        first.Sum("templating_operator_retries_total", ("controller", "clone")).ShouldBe(0);
        first.Sum("templating_operator_pools", ("state", "empty")).ShouldBe(0);
        first.Sum("templating_operator_templates", ("state", "nowhere")).ShouldBe(0);
        first.Sum("templating_operator_certificate_remaining_seconds").ShouldNotBeNull().ShouldBeGreaterThan(60);
        // By these names a load test reads it.
        var level = OperatorLevel.Of(TimeSpan.Zero, "one", MetricsPage.Parse(first.Text)).ShouldNotBeNull();
        level.CpuSeconds.ShouldBeGreaterThan(0);
        level.MemoryMiB.ShouldBeGreaterThan(1);
        level.Waiting.Keys.ShouldContain("clone");

        await test.CreateTemplateAsync(TestSpace.Template);
        await test.UntilAsync<VMTemplate>(TestSpace.Template, t => t?.Status?.Summary == "1/1", "it is ready");
        await test.CreatePoolAsync("pool", 1);
        await test.CreateCloneAsync("one");
        await Eventually.UntilAsync(async () => (await test.PodsAsync()).Count == 2, "the pool's and the clone's pods are there", cancellationToken: deadline.Token);
        await UntilAsync(metrics, s => s.Sum("templating_operator_pools", ("state", "empty")) == 1, "the pool is empty", deadline.Token);
        await test.StartPodsAsync();
        await test.UntilAsync<VMClone>("one", c => c?.Status?.ReadyTime is not null, "it is ready");
        await test.UntilAsync<VMPool>("pool", p => p?.Status?.ReadyReplicas == 1, "its VM waits");

        var scrape = await UntilAsync(
            metrics, s => s.Sum("templating_operator_claims_total", ("start", "cold"), ("from", "template")) == 1, "the clone is counted", deadline.Token);
        var documentation = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "telemetry.md"), deadline.Token);
        var asked = PromSelectors.Of(ofOperator: true);
        asked.Count.ShouldBeGreaterThan(20);
        asked.Select(selector => scrape.Misses(selector, documentation)).OfType<string>().ShouldBeEmpty();
        scrape.Sum("templating_operator_builds_total", ("outcome", "ok")).ShouldBe(1);
        scrape.Sum("templating_operator_pools", ("state", "full")).ShouldBe(1);
        scrape.Sum("templating_operator_templates", ("state", "everywhere")).ShouldBe(1);
        scrape.Sum("templating_operator_nodes", ("state", "synced")).ShouldBe(1);
        await app.StopAsync(deadline.Token);
    }

    [Fact]
    public async Task APoolsOwnSeriesFollowItAndGoWithIt()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        await using var test = await TestSpace.PrepareAsync();
        await test.AddNodeAsync();
        var app = await test.StartOperatorAsync("one", "--PoolMetrics:Limit=2");
        var metrics = new Uri(new Uri(app.Urls.Single()), "metrics");
        (string, string)[] pool = [("namespace", test.Name), ("pool", "pool")];
        await test.CreateTemplateAsync(TestSpace.Template);
        await test.UntilAsync<VMTemplate>(TestSpace.Template, t => t?.Status?.Summary == "1/1", "it is ready");
        await test.CreatePoolAsync("pool", 1);
        await UntilAsync(metrics, s => s.Sum("templating_operator_pool_empty_seconds_total", pool) > 0, "it is empty", deadline.Token);

        await Eventually.UntilAsync(async () => (await test.PodsAsync()).Count == 1, "its pod is there", cancellationToken: deadline.Token);
        await test.StartPodsAsync();
        var full = await UntilAsync(metrics, s => s.Sum("templating_operator_pool_waiting", pool) == 1, "its VM waits", deadline.Token);
        full.Sum("templating_operator_pool_wanted", pool).ShouldBe(1);
        full.Sum("templating_operator_pool_claims_total", [.. pool, ("found", "true")]).ShouldBe(0);
        full.Sum("templating_operator_pool_claims_total", [.. pool, ("found", "false")]).ShouldBe(0);

        await test.CreateCloneAsync("warm", new VMCloneSpec { Pool = "pool" });
        await UntilAsync(metrics, s => s.Sum("templating_operator_pool_claims_total", [.. pool, ("found", "true")]) == 1, "it was taken", deadline.Token);
        await test.CreateCloneAsync("cold", new VMCloneSpec { Pool = "pool" });
        await UntilAsync(metrics, s => s.Sum("templating_operator_pool_claims_total", [.. pool, ("found", "false")]) == 1, "none waited", deadline.Token);

        await test.CreatePoolAsync("second", 0);
        await test.CreatePoolAsync("third", 0);
        await UntilAsync(metrics, s => s.Sum("templating_operator_pools_unmeasured") == 1, "there are more than may have series", deadline.Token);
        await test.DeleteAsync<VMPool>("pool");
        var left = await UntilAsync(metrics, s => s.Sum("templating_operator_pool_wanted", pool) is null, "its series are gone", deadline.Token);
        left.Text.ShouldNotContain("pool=\"pool\"");
        left.Sum("templating_operator_pool_wanted", ("pool", "third")).ShouldBe(0);
        left.Sum("templating_operator_pools_unmeasured").ShouldBe(0);
        await app.StopAsync(deadline.Token);
    }

    /// <summary>What is served is kept for a moment, so that many who ask cost no more than one.</summary>
    private static async Task<Scrape> UntilAsync(Uri metrics, Func<Scrape, bool> condition, string what, CancellationToken cancellationToken)
    {
        Scrape? scrape = null;
        await Eventually.UntilAsync(async () => condition(scrape = await Scrape.OfAsync(metrics, cancellationToken)), what, cancellationToken: cancellationToken);
        return scrape!;
    }
}

using System.Text.Json;
using System.Xml.Linq;

namespace Templating.ClusterTests;

/// <summary>The chart's load test, as a Job with its own account. Its image is in a cluster of eng/kube/up.sh only.</summary>
[Collection(ClusterCollection.Name)]
[Trait("Cluster", "local")]
public sealed class LoadTestTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task AJobRunsARecipeWithItsOwnRightsAndItsLogHasTableAndReports()
    {
        await using var job = await LoadTestJob.ApplyAsync(_tenant, "runs", $$$"""
            version: 1
            name: three
            subjects: [{template: {{{ClusterFixture.Template}}}, name: vm}]
            stages: [{burst: {count: 3}}]
            timeout: 4m
            lifetime: 0s
            thresholds: [{figure: failures, most: 0}]
            """);

        var ended = await Eventually.SeeAsync(job.GetAsync, j => j.Status is { } s && (s.Succeeded ?? 0) + (s.Failed ?? 0) > 0, "the end of the load test");

        var log = await job.LogAsync();
        ended.Status.Succeeded.ShouldBe(1, log);
        log.ShouldContain("vm cold");
        var junit = log[(log.IndexOf("\n--- junit.xml\n", StringComparison.Ordinal) + "\n--- junit.xml\n".Length)..];
        var suite = XDocument.Parse(junit[..junit.IndexOf("\n--- samples.json\n", StringComparison.Ordinal)]).Root!.Element("testsuite")!;
        suite.Attribute("failures")!.Value.ShouldBe("0");
        const string Samples = "\n--- samples.json\n";
        using var json = JsonDocument.Parse(log[(log.IndexOf(Samples, StringComparison.Ordinal) + Samples.Length)..]);
        var operators = json.RootElement.GetProperty("operator").EnumerateArray().ToList();
        operators.Count.ShouldBeGreaterThan(1, log);
        operators[^1].GetProperty("cpuSeconds").GetDouble().ShouldBeGreaterThan(operators[0].GetProperty("cpuSeconds").GetDouble());
        operators[^1].GetProperty("memoryMiB").GetDouble().ShouldBeGreaterThan(10);
        (await job.MadeAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AJobThatIsDeletedRemovesWhatItMadeBeforeItsPodEnds()
    {
        await using var job = await LoadTestJob.ApplyAsync(_tenant, "deleted", $$$"""
            version: 1
            name: kept
            subjects: [{template: {{{ClusterFixture.Template}}}, name: vm}]
            stages: [{burst: {count: 2}}, {pause: {over: 1h}}]
            """);
        await Eventually.SeeAsync(async () => (await job.MadeAsync()) is { Count: 2 } both ? both : null, both => both.All(c => c.IsReady()), "both clones ready");

        // Comes back when the Job's pod is gone.
        await Kubectl.RunAsync("delete", "job", job.Name, "-n", Settings.System, "--cascade=foreground");

        (await job.MadeAsync()).ShouldBeEmpty();
    }
}

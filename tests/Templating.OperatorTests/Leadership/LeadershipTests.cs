using Microsoft.Extensions.DependencyInjection;
using Templating.Kubernetes.Resources;
using Templating.Operator.Hosting;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Leadership;

public sealed class LeadershipTests
{
    [Fact]
    public async Task AnotherOperatorTakesOverWhenTheLeaderGoes()
    {
        await using var test = await TestSpace.PrepareAsync();
        await test.AddNodeAsync();
        var first = await test.StartOperatorAsync("first");
        await Eventually.UntilAsync(() => Work(first).IsLeader, "the first one leads");
        var second = await test.StartOperatorAsync("second");
        await Eventually.UntilAsync(() => Work(second).IsReady, "the second one is ready to");
        await test.CreateTemplateAsync("before");
        await test.UntilAsync<VMTemplate>("before", t => t?.Status?.Summary == "1/1", "the first one works");
        Work(second).IsLeader.ShouldBeFalse();

        await first.StopAsync();

        await Eventually.UntilAsync(() => Work(second).IsLeader, "the second one leads");
        Work(first).ExitCode.ShouldBe(0);
        await test.CreateTemplateAsync("after");
        await test.UntilAsync<VMTemplate>("after", t => t?.Status?.Summary == "1/1", "the second one works");
        test.Node(1).Builds.Count.ShouldBe(2, "nothing was built anew");
    }

    [Fact]
    public async Task ALeaderThatLosesItsLeaseEndsAtOnce()
    {
        await using var test = await TestSpace.PrepareAsync();
        var app = await test.StartOperatorAsync("robbed", "--Leader:RetrySeconds=0.2");
        await Eventually.UntilAsync(() => Work(app).IsLeader, "it leads");

        await test.Api.SendAsync<k8s.Models.V1Lease>(
            HttpMethod.Patch, $"apis/coordination.k8s.io/v1/namespaces/{test.Installation}/leases/templating-operator",
            """{"spec":{"holderIdentity":"thief"}}""", "application/merge-patch+json", CancellationToken.None);

        await Eventually.UntilAsync(() => Work(app).ExitCode == 1, "it ended, to be started anew");
        Work(app).IsLeader.ShouldBeFalse();
    }

    private static OperatorWork Work(Microsoft.AspNetCore.Builder.WebApplication app) => app.Services.GetRequiredService<OperatorWork>();
}

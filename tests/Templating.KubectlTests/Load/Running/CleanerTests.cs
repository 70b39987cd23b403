using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubectl.Load.Running;
using Templating.Testing;

namespace Templating.KubectlTests.Load.Running;

public sealed class CleanerTests
{
    private const string Pods = "/api/v1/namespaces/team-a/pods";

    private readonly FakeTimeProvider _time = new();
    private bool _isDeleted;
    private int _failures;

    [Theory]
    [InlineData(0)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task AServerThatIsAwayForAWhileIsAskedAgainUntilAllIsGone(int code)
    {
        await using var server = await FakeServer.StartAsync((request, context) =>
            request.EndsWith("/vmclones", StringComparison.Ordinal) ? FakeServer.RefuseAsync(context, 404, "NotFound", "no such resource")
            : Interlocked.Increment(ref _failures) <= 6 ? FailAsync(context, code)
            : PlayAsync(request, context));
        var (left, removed) = await CleanAsync(server);
        left.ShouldBeEmpty();
        removed.ShouldBe(1);
    }

    [Fact]
    public async Task AServerThatStaysAwayIsGivenUpWhenItsTimeHasPassed()
    {
        await using var server = await FakeServer.StartAsync((_, context) => FailAsync(context, 503));
        var began = _time.GetUtcNow();
        var (left, removed) = await CleanAsync(server);
        (_time.GetUtcNow() - began).ShouldBeGreaterThanOrEqualTo(Cleaner.Limit);
        left.Count.ShouldBe(2);
        left.ShouldAllBe(l => l.Namespace == "team-a" && l.Text.Contains("503 away", StringComparison.Ordinal));
        removed.ShouldBe(0);
    }

    [Fact]
    public async Task WhoMayNotIsToldSoAtOnce()
    {
        await using var server = await FakeServer.StartAsync((_, context) => FakeServer.RefuseAsync(context, 403, "Forbidden", "you may not"));
        var (left, _) = await CleanAsync(server);
        left.Count.ShouldBe(2);
        server.Requests.Count.ShouldBe(2);
    }

    private static Task FailAsync(HttpContext context, int code)
    {
        if (code > 0)
        {
            return FakeServer.RefuseAsync(context, code, "Away", "away");
        }

        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>One pod until it is deleted.</summary>
    private Task PlayAsync(string request, HttpContext context)
    {
        switch (request)
        {
            case "GET " + Pods:
                return context.Response.WriteAsync(_isDeleted ? FakeServer.NoItems : FakeServer.OneItem);
            case "DELETE " + Pods:
                _isDeleted = true;
                return context.Response.WriteAsync("{}");
            default:
                return FakeServer.WatchAsync(context);
        }
    }

    private async Task<(IReadOnlyList<Leftover> Left, int Removed)> CleanAsync(FakeServer server)
    {
        using var api = server.Api(_time);
        var cleaner = new Cleaner(api, _time);
        var cleaning = cleaner.CleanAsync(["team-a"], "a=b", Cleaner.Limit);
        await Eventually.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return cleaning.IsCompleted;
            },
            "it ended");
        return (await cleaning, cleaner.Removed);
    }
}

using k8s.Autorest;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Testing;

namespace Templating.KubectlTests.Load.Api;

public sealed class ObjectWatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _seen = [];
    private int _watches;

    [Fact]
    public async Task AServerThatIsAwayForAMinuteIsWaitedForAndTheWatchGoesOn()
    {
        var back = _time.GetUtcNow() + TimeSpan.FromSeconds(90);
        await using var server = await FakeServer.StartAsync((request, context) =>
            request.StartsWith("GET", StringComparison.Ordinal) ? context.Response.WriteAsync(FakeServer.NoItems)
            : _time.GetUtcNow() < back ? BreakAsync(context)
            : FakeServer.WatchAsync(context, """{"type":"ADDED","object":{"metadata":{"name":"load-x-1","resourceVersion":"8"}}}"""));
        using var end = new CancellationTokenSource();
        using var api = server.Api(_time);
        var running = Watch(api).RunAsync(end.Token);
        await PassAsync(() => _seen.Count == 1);
        await end.CancelAsync();
        await running.Soonest();
        _seen.ShouldBe(["load-x-1"]);
    }

    [Fact]
    public async Task AServerThatStaysAwayIsAskedLessAndLessOftenAndGivenUpAfterTwoMinutes()
    {
        await using var server = await FakeServer.StartAsync((_, context) => BreakAsync(context));
        using var api = server.Api(_time);
        var began = _time.GetUtcNow();
        var watch = Watch(api);
        var running = watch.RunAsync(CancellationToken.None);
        await PassAsync(() => running.IsCompleted);
        await Should.ThrowAsync<HttpRequestException>(() => running);
        await Should.ThrowAsync<HttpRequestException>(() => watch.Synced);
        (_time.GetUtcNow() - began).ShouldBeGreaterThanOrEqualTo(ObjectWatch<AnyObject>.Patience);
        server.Requests.Count.ShouldBeLessThan(50, "once in five seconds, but for the first ones");
    }

    [Fact]
    public async Task AWatchThatWasOpenForLongWithoutAnEventEndsThePatienceAnew()
    {
        await using var server = await FakeServer.StartAsync(async (request, context) =>
        {
            if (request.StartsWith("GET", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync(FakeServer.NoItems);
                return;
            }

            await context.Response.Body.FlushAsync();
            var end = _time.GetUtcNow() + TimeSpan.FromMinutes(1);
            Interlocked.Increment(ref _watches);
            await Eventually.UntilAsync(() => _time.GetUtcNow() > end || context.RequestAborted.IsCancellationRequested, "a minute passed");
            context.Abort();
        });
        using var end = new CancellationTokenSource();
        using var api = server.Api(_time);
        var running = Watch(api).RunAsync(end.Token);
        await PassAsync(() => Volatile.Read(ref _watches) == 5 || running.IsCompleted);
        running.IsCompleted.ShouldBeFalse();
        await end.CancelAsync();
        await running.Soonest();
    }

    [Fact]
    public async Task WhatIsRefusedIsNotAskedForAgainAndToldInTheServersWords()
    {
        await using var server = await FakeServer.StartAsync((_, context) => FakeServer.RefuseAsync(context, 403, "Forbidden", "you may not list"));
        using var api = server.Api(_time);
        (await Should.ThrowAsync<HttpOperationException>(() => Watch(api).RunAsync(CancellationToken.None))).Message.ShouldEndWith("403 you may not list");
        server.Requests.Count.ShouldBe(1);
    }

    private static Task BreakAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private ObjectWatch<AnyObject> Watch(LoadApi api) =>
        new(api, LoadKind.Pods, "team-a", "", _time, item => _seen.Add(item.Metadata.Name), _ => { });

    private Task PassAsync(Func<bool> condition) => Eventually.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        "it came to that");
}

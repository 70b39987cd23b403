using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Testing;

namespace Templating.KubectlTests.Load.Running;

public sealed class ObjectLifeTests
{
    private static readonly Recipe Recipe = new() { Name = "r", Timeout = TimeSpan.FromSeconds(5), Lifetime = TimeSpan.Zero };

    private readonly FakeTimeProvider _time = new();
    private readonly Tracked _tracked = new("team-a", "load-x-0", new Subject { Name = "vm", Pool = "web" }, 0);
    private readonly Ledger _ledger;

    public ObjectLifeTests() => _ledger = new Ledger(_time);

    [Theory]
    [InlineData(4, null)]
    [InlineData(6, "create: answered too late")]
    public async Task ItsTimeoutCountsFromTheCreateCall(int seconds, string? failure)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await FakeServer.StartAsync(async (request, context) =>
        {
            if (request.StartsWith("POST", StringComparison.Ordinal))
            {
                await answered.Task;
                await context.Response.WriteAsync("{}");
                return;
            }

            await FakeServer.RefuseAsync(context, 404, "NotFound", "gone");
        });
        var living = LiveAsync(server);
        await Eventually.UntilAsync(() => !server.Requests.IsEmpty, "it is created");
        _time.Advance(TimeSpan.FromSeconds(seconds));
        _tracked.See(new Observation { IsReady = true }, _ledger.Now);
        answered.SetResult();
        await living.Soonest();
        _tracked.ToSample().Failure.ShouldBe(failure);
        (_tracked.ToSample().Usable is null).ShouldBe(failure is not null);
    }

    [Fact]
    public async Task WhatTheServerSaidWithARefusalIsKeptOnceForItsReason()
    {
        await using var server = await FakeServer.StartAsync((_, context) =>
            FakeServer.RefuseAsync(context, 403, "Forbidden", $"exceeded quota\\u0007 {new string('x', 200)}"));
        await LiveAsync(server).Soonest();
        _tracked.ToSample().Failure.ShouldBe("create: 403 Forbidden");
        _ledger.Explain("create: 403 Forbidden", "another");
        var said = _ledger.Examples.ShouldHaveSingleItem().Value;
        said.ShouldStartWith("exceeded quota\uFFFD x");
        said.Length.ShouldBe(163);
    }

    private async Task LiveAsync(FakeServer server)
    {
        using var api = server.Api(_time);
        using var http = new HttpProbe(_time);
        using var calls = new SemaphoreSlim(1);
        await new ObjectLife(Recipe, api, "x", _ledger, http, calls, Task.CompletedTask, _time)
            .RunAsync(_tracked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), CancellationToken.None);
    }
}

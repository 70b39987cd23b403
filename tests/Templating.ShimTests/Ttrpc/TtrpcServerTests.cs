using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Templating.Api.Client;
using Templating.OwnerPort.Errors;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Ttrpc;
using Templating.Testing;

namespace Templating.ShimTests.Ttrpc;

public sealed class TtrpcServerTests
{
    [Fact]
    public async Task ACallIsAnsweredOnItsStream()
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();

        await peer.SendAsync(RawPeer.Call(7, "Echo", "one"));

        var (stream, response) = await peer.ReadAnswerAsync();
        stream.ShouldBe(7u);
        response.Status.ShouldBeNull();
        StateResponse.Parser.ParseFrom(response.Payload).Id.ShouldBe("one");
    }

    [Fact]
    public async Task ACallThatWaitsHoldsNoOtherOne()
    {
        var go = new TaskCompletionSource();
        await using var host = new TtrpcHost().Echo().On("Wait", (_, _) => go.Task).Start();
        await using var client = await host.ConnectAsync();
        var waiting = CallAsync(client, "Wait");

        (await EchoAsync(client, "beside")).ShouldBe("beside");
        waiting.IsCompleted.ShouldBeFalse();
        go.SetResult();
        await waiting.Soonest();
    }

    [Fact]
    public async Task ManyCallersAreAnsweredAtOnce()
    {
        await using var host = new TtrpcHost().Echo().Start();
        var clients = new List<TtrpcClient>();
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await host.ConnectAsync());
        }

        var answers = await Task.WhenAll(clients.SelectMany((c, i) => Enumerable.Range(0, 50).Select(n => EchoAsync(c, $"{i}-{n}")))).Soonest();

        answers.ShouldBe(clients.SelectMany((_, i) => Enumerable.Range(0, 50).Select(n => $"{i}-{n}")));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    public static TheoryData<string, StatusCode, string> Failures => new()
    {
        { "shim", StatusCode.NotFound, "no task" },
        { "daemon", StatusCode.ResourceExhausted, "no room" },
        { "cancelled", StatusCode.Cancelled, "cancelled" },
        { "late", StatusCode.DeadlineExceeded, "too late" },
        { "port", StatusCode.Unavailable, "the port closed" },
        { "other", StatusCode.Unknown, "what?" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task AFailureIsToldWithItsCodeAndWords(string which, StatusCode code, string words)
    {
        await using var host = new TtrpcHost().On("Fail", (request, _) => throw (request.Id switch
        {
            "shim" => ShimException.NotFound("no task"),
            "daemon" => new TemplatingClientException(StatusCode.ResourceExhausted, "no room"),
            "cancelled" => new OperationCanceledException(),
            "late" => new TimeoutException("too late"),
            "port" => new OwnerPortException("the port closed"),
            _ => new InvalidOperationException("what?"),
        })).Start();
        await using var client = await host.ConnectAsync();

        var fault = await CallAsync(client, "Fail", which).ShouldThrowAsync<ShimException>();

        fault.Code.ShouldBe(code);
        fault.Message.ShouldContain(words);
    }

    [Theory]
    [InlineData("other.Service", "Echo", "no service other.Service")]
    [InlineData(TtrpcHost.Service, "Nope", "no method Nope")]
    public async Task WhatIsNotThereIsUnimplemented(string service, string method, string words)
    {
        await using var host = new TtrpcHost().Echo().Start();
        await using var client = await host.ConnectAsync();

        var fault = await client.CallAsync(service, method, new Empty(), Empty.Parser, null, null, CancellationToken.None).ShouldThrowAsync<ShimException>();

        (fault.Code, fault.Message.Contains(words, StringComparison.Ordinal)).ShouldBe((StatusCode.Unimplemented, true));
    }

    [Fact]
    public async Task ACallersTimeEndsTheCall()
    {
        var time = new FakeTimeProvider();
        var began = new TaskCompletionSource();
        await using var host = new TtrpcHost(time).On("Wait", (_, token) => ForeverAsync(began, token)).Start();
        using var peer = await host.ConnectRawAsync();
        await peer.SendAsync(RawPeer.Call(1, "Wait", timeout: 5_000_000_000));
        await began.Task.Soonest();

        time.Advance(TimeSpan.FromSeconds(5));

        (await peer.ReadAnswerAsync()).Response.Status.Code.ShouldBe((int)StatusCode.DeadlineExceeded);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(1, true)]
    [InlineData(0, false)]
    [InlineData(long.MaxValue, false)]
    public async Task AnyTimeIsTaken(long nanoseconds, bool isOver)
    {
        var began = new TaskCompletionSource();
        await using var host = new TtrpcHost().Echo().On("Wait", (_, token) => ForeverAsync(began, token)).Start();
        using var peer = await host.ConnectRawAsync();

        await peer.SendAsync(RawPeer.Call(1, "Wait", timeout: nanoseconds));
        await began.Task.Soonest();
        await (isOver ? Task.CompletedTask : peer.SendAsync(RawPeer.Call(3, "Echo")));

        (await peer.ReadAnswerAsync()).Stream.ShouldBe(isOver ? 1u : 3u);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheEndOfAConnectionCancelsItsCallsUnlessTheyOutliveIt(bool outlivesCaller)
    {
        var (began, cancelled, go) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var done = new TaskCompletionSource<bool>();
        await using var host = new TtrpcHost().Echo().On("Wait", async (_, token) =>
        {
            await using var told = token.Register(cancelled.SetResult);
            began.SetResult();
            await Task.WhenAny(go.Task, cancelled.Task);
            done.SetResult(token.IsCancellationRequested);
        }, outlivesCaller).Start();
        using (var peer = await host.ConnectRawAsync())
        {
            await peer.SendAsync(RawPeer.Call(1, "Wait"));
            await began.Task.Soonest();
        }

        if (outlivesCaller)
        {
            await using var client = await host.ConnectAsync();
            (await EchoAsync(client, "after it")).ShouldBe("after it");
            go.SetResult();
        }

        (await done.Task.Soonest()).ShouldBe(!outlivesCaller);
    }

    [Fact]
    public async Task TheCallThatStopsTheServerIsAnswered()
    {
        TtrpcHost? host = null;
        Task? stopped = null;
        host = new TtrpcHost().On("Stop", (_, _) =>
        {
            stopped = host!.StopAsync();
            return Task.CompletedTask;
        }).Start();
        await using (host)
        {
            await using var client = await host.ConnectAsync();

            await CallAsync(client, "Stop").Soonest();

            await stopped!;
        }
    }

    [Fact]
    public async Task AHandlerThatDoesNotEndDoesNotHoldTheServer()
    {
        var (began, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = new TtrpcHost().On("Wait", (_, _) =>
        {
            began.SetResult();
            return never.Task;
        }).Start();
        await using var client = await host.ConnectAsync();
        var call = CallAsync(client, "Wait");
        await began.Task.Soonest();

        await host.StopAsync();

        (await call.ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.Unavailable);
        never.SetResult();
    }

    [Fact]
    public async Task AnAnswerThatIsTooLongIsToldAsThat()
    {
        await using var host = new TtrpcHost();
        host.Server.Register(TtrpcHost.Service, "Long", StateRequest.Parser, (_, _) => Task.FromResult(new StateResponse { Id = new string('x', Frame.HighestLength) }));
        host.Start();
        await using var client = await host.ConnectAsync();

        (await CallAsync(client, "Long").ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.ResourceExhausted);
    }

    [Fact]
    public async Task AConnectionTooManyIsTurnedAwayAndOneThatClosedMakesRoom()
    {
        await using var host = new TtrpcHost().Echo().Start();
        var peers = new List<RawPeer>();
        for (var i = 0; i < TtrpcServer.MostConnections; i++)
        {
            peers.Add(await host.ConnectRawAsync());
            await peers[i].SendAsync(RawPeer.Call(1, "Echo"));
            await peers[i].ReadAnswerAsync();
        }

        using var turnedAway = await host.ConnectRawAsync();
        (await turnedAway.IsLeftAsync()).ShouldBeTrue();

        peers[0].Dispose();
        await Eventually.UntilAsync(async () =>
        {
            try
            {
                await using var client = await host.ConnectAsync();
                return await EchoAsync(client, "room") == "room";
            }
            catch (ShimException)
            {
                return false;
            }
        }, "a connection is taken again");
        peers.ForEach(p => p.Dispose());
    }

    internal static async Task<string> EchoAsync(TtrpcClient client, string id) => (await client.CallAsync(
        TtrpcHost.Service, "Echo", new StateRequest { Id = id }, StateResponse.Parser, null, null, CancellationToken.None).Soonest()).Id;

    internal static Task<Empty> CallAsync(TtrpcClient client, string method, string id = "") =>
        client.CallAsync(TtrpcHost.Service, method, new StateRequest { Id = id }, Empty.Parser, null, null, CancellationToken.None);

    private static async Task ForeverAsync(TaskCompletionSource began, CancellationToken cancellationToken)
    {
        began.SetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
    }
}

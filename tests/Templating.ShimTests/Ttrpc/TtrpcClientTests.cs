using System.Net.Sockets;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Templating.Shim.Errors;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Protocol.Ttrpc;
using Templating.Shim.Ttrpc;
using Templating.Testing;

namespace Templating.ShimTests.Ttrpc;

public sealed class TtrpcClientTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public TtrpcClientTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder["s"]));
        _listener.Listen(8);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task ACallSaysWhatItIs()
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        using var __ = server;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["key"] = "value" };

        var call = client.CallAsync("a.Service", "Do", new StateRequest { Id = "one" }, StateResponse.Parser, metadata, TimeSpan.FromSeconds(3), CancellationToken.None);

        var (stream, request) = await server.ReadCallAsync();
        (stream, request.Service, request.Method, request.TimeoutNano).ShouldBe((1u, "a.Service", "Do", 3_000_000_000L));
        request.Metadata.ShouldHaveSingleItem().ShouldBe(new KeyValue { Key = "key", Value = "value" });
        await server.SendAsync(RawPeer.Answer(stream, new Response { Payload = new StateResponse { Pid = 4 }.ToByteString() }));
        (await call.Soonest()).Pid.ShouldBe(4u);
    }

    [Fact]
    public async Task AnswersGoToTheirCallsInAnyOrderAndStrangeOnesAreDropped()
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        using var __ = server;
        var (first, second) = (Ask(client), Ask(client));
        var (one, two) = ((await server.ReadCallAsync()).Stream, (await server.ReadCallAsync()).Stream);
        (one, two).ShouldBe((1u, 3u));

        await server.SendAsync([.. Pid(77, 1), .. Pid(two, 20), .. Pid(two, 30), .. RawPeer.Header(0, one, 3), .. Pid(one, 10)]);

        ((await first.Soonest()).Pid, (await second.Soonest()).Pid).ShouldBe((10u, 20u));
    }

    [Fact]
    public async Task ALostConnectionFailsAllCallsAndThoseAfterIt()
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        var calls = new[] { Ask(client), Ask(client) };
        await server.ReadCallAsync();
        client.IsLost.ShouldBeFalse();

        server.Dispose();

        foreach (var call in calls)
        {
            (await call.Soonest().ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.Unavailable);
        }

        (await Ask(client).ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.Unavailable);
        await Eventually.UntilAsync(() => client.IsLost, "the client sees it");
    }

    [Fact]
    public async Task ADeadlineEndsTheCallAndALateAnswerHarmsNothing()
    {
        var time = new FakeTimeProvider();
        var (client, server) = await ConnectAsync(time);
        await using var _ = client;
        using var __ = server;
        var call = client.CallAsync("s", "m", new Empty(), StateResponse.Parser, null, TimeSpan.FromSeconds(3), CancellationToken.None);
        var (stream, _) = await server.ReadCallAsync();

        time.Advance(TimeSpan.FromSeconds(3));
        (await call.Soonest().ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.DeadlineExceeded);

        var next = Ask(client);
        await server.ReadCallAsync();
        await server.SendAsync([.. Pid(stream, 1), .. Pid(stream + 2, 2)]);
        (await next.Soonest()).Pid.ShouldBe(2u);
    }

    [Fact]
    public async Task OneThatDoesNotReadIsNotWaitedForLongerThanTheDeadline()
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        using var __ = server;
        var large = new StateRequest { Id = new string('x', 3_000_000) };

        for (var i = 0; i < 2; i++)
        {
            var call = client.CallAsync("s", "m", large, StateResponse.Parser, null, TimeSpan.FromMilliseconds(200), CancellationToken.None);
            (await call.Soonest().ShouldThrowAsync<ShimException>()).Code.ShouldBe(StatusCode.DeadlineExceeded);
        }

        // The one that was begun comes whole.
        (await server.ReadCallAsync()).Request.Payload.Length.ShouldBeGreaterThan(3_000_000);
    }

    [Fact]
    public async Task ACancelledCallIsCancelled()
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        using var __ = server;
        using var cancel = new CancellationTokenSource();
        var call = client.CallAsync("s", "m", new Empty(), Empty.Parser, null, TimeSpan.FromHours(1), cancel.Token);
        await server.ReadCallAsync();

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(call.Soonest());
    }

    public static TheoryData<string, byte[], StatusCode> Answers => new()
    {
        { "a refusal", RawPeer.Answer(1, new Response { Status = new CallStatus { Code = 5, Message = "no such task" } }), StatusCode.NotFound },
        { "no protobuf", [.. RawPeer.Header(2, 1, 2), 0xff, 0xff], StatusCode.Internal },
        { "another message", RawPeer.Answer(1, new Response { Payload = ByteString.CopyFrom(0xff) }), StatusCode.Internal },
        { "too much", [.. RawPeer.Header(Frame.HighestLength + 1, 1, 2), .. new byte[Frame.HighestLength + 1]], StatusCode.ResourceExhausted },
        { "a torn frame", RawPeer.Header(5, 1, 2)[..4], StatusCode.Unavailable },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task WhatIsNoAnswerIsToldAsThat(string what, byte[] answer, StatusCode code)
    {
        var (client, server) = await ConnectAsync();
        await using var _ = client;
        var call = Ask(client);
        await server.ReadCallAsync();

        await server.SendAsync(answer);
        await (code == StatusCode.Unavailable ? Task.Run(server.Dispose) : Task.CompletedTask);

        (await call.Soonest().ShouldThrowAsync<ShimException>()).Code.ShouldBe(code, what);
        server.Dispose();
    }

    [Fact]
    public async Task WhereNobodyListensIsUnavailable()
    {
        var fault = await TtrpcClient.ConnectAsync(_folder["nobody"], CancellationToken.None).ShouldThrowAsync<ShimException>();

        fault.Code.ShouldBe(StatusCode.Unavailable);
        fault.Message.ShouldContain(_folder["nobody"]);
    }

    private static byte[] Pid(uint stream, uint pid) => RawPeer.Answer(stream, new Response { Payload = new StateResponse { Pid = pid }.ToByteString() });

    private static Task<StateResponse> Ask(TtrpcClient client) =>
        client.CallAsync("s", "m", new Empty(), StateResponse.Parser, null, null, CancellationToken.None);

    private async Task<(TtrpcClient Client, RawPeer Server)> ConnectAsync(TimeProvider? time = null)
    {
        var accepting = _listener.AcceptAsync();
        var client = await TtrpcClient.ConnectAsync(_folder["s"], CancellationToken.None, time).Soonest();
        return (client, new RawPeer(await accepting.Soonest()));
    }
}

using CsCheck;
using Grpc.Core;
using Templating.Shim.Protocol.Ttrpc;
using Templating.Shim.Ttrpc;

namespace Templating.ShimTests.Ttrpc;

public sealed class HostileCallerTests
{
    [Theory]
    [InlineData(Frame.HighestLength)]
    [InlineData(Frame.HighestLength + 1)]
    [InlineData(Frame.HighestLength + 200_000)]
    public async Task AMessageThatIsTooLongIsReadAwayAndTheNextIsAnswered(int length)
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();

        await peer.SendAsync(RawPeer.Header((uint)length, 1, 1));
        await peer.SendAsync(Filler(length));
        await peer.SendAsync(RawPeer.Call(3, "Echo"));

        var (stream, refused) = await peer.ReadAnswerAsync();
        (stream, refused.Status.Code).ShouldBe((1u, (int)(length > Frame.HighestLength ? StatusCode.ResourceExhausted : StatusCode.Unimplemented)));
        (await peer.ReadAnswerAsync()).Stream.ShouldBe(3u);
    }

    public static TheoryData<string, byte[], StatusCode> Refused => new()
    {
        { "an even stream", RawPeer.Call(2, "Echo"), StatusCode.InvalidArgument },
        { "stream zero", RawPeer.Call(0, "Echo"), StatusCode.InvalidArgument },
        { "the same stream again", [.. RawPeer.Call(9, "Echo"), .. RawPeer.Call(9, "Echo")], StatusCode.InvalidArgument },
        { "a lower stream", [.. RawPeer.Call(9, "Echo"), .. RawPeer.Call(7, "Echo")], StatusCode.InvalidArgument },
        { "a call that streams", RawPeer.Call(1, "Echo", flags: 2), StatusCode.Unimplemented },
        { "data of no call", RawPeer.Header(0, 1, 3), StatusCode.Unimplemented },
        { "no protobuf", [.. RawPeer.Header(3, 1, 1), 0xff, 0xff, 0xff], StatusCode.InvalidArgument },
        { "an empty request", RawPeer.Header(0, 1, 1), StatusCode.Unimplemented },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task WhatIsNoCallIsRefusedAndTheNextIsAnswered(string what, byte[] bytes, StatusCode code)
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();

        await peer.SendAsync(bytes);
        await peer.SendAsync(RawPeer.Call(101, "Echo"));

        // The good ones among them are answered too, in any order.
        var codes = new List<int>();
        for (var stream = 0u; stream != 101u;)
        {
            (stream, var response) = await peer.ReadAnswerAsync();
            codes.Add(response.Status?.Code ?? 0);
        }

        var last = codes.Contains((int)code) ? 0 : (await peer.ReadAnswerAsync()).Response.Status.Code;
        (codes.Contains((int)code) || last == (int)code).ShouldBeTrue(what);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(255)]
    public async Task OtherTypesOfFramesArePassedOver(byte type)
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();

        await peer.SendAsync([.. RawPeer.Header(2, 1, type), 1, 2, .. RawPeer.Call(3, "Echo")]);

        (await peer.ReadAnswerAsync()).Stream.ShouldBe(3u);
    }

    [Fact]
    public async Task APayloadThatIsNoMessageIsRefused()
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();
        var request = new Request { Service = TtrpcHost.Service, Method = "Echo", Payload = Google.Protobuf.ByteString.CopyFrom(0xff, 0xff) };

        await peer.SendAsync([.. RawPeer.Header((uint)request.CalculateSize(), 1, 1), .. Google.Protobuf.MessageExtensions.ToByteArray(request)]);

        (await peer.ReadAnswerAsync()).Response.Status.Code.ShouldBe((int)StatusCode.InvalidArgument);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(15)]
    public async Task ATornFrameHoldsNobodyElse(int bytes)
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var silent = await host.ConnectRawAsync();
        using var torn = await host.ConnectRawAsync();
        await silent.SendAsync(RawPeer.Call(1, "Echo", "something")[..bytes]);
        await torn.SendAsync(RawPeer.Call(1, "Echo", "something")[..bytes]);
        torn.Dispose();
        await using var client = await host.ConnectAsync();

        (await TtrpcServerTests.EchoAsync(client, "fine")).ShouldBe("fine");
    }

    [Fact]
    public async Task AFrameInSinglePiecesIsOneCall()
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var peer = await host.ConnectRawAsync();

        foreach (var piece in RawPeer.Call(1, "Echo", "slow").Chunk(1))
        {
            await peer.SendAsync(piece);
        }

        (await peer.ReadAnswerAsync()).Response.Status.ShouldBeNull();
    }

    [Fact]
    public async Task CallsTooManyAreRefusedAndTheOthersAnswered()
    {
        var go = new TaskCompletionSource();
        await using var host = new TtrpcHost().On("Wait", (_, _) => go.Task).Start();
        using var peer = await host.ConnectRawAsync();
        for (var i = 0u; i <= TtrpcConnection.MostCalls; i++)
        {
            await peer.SendAsync(RawPeer.Call((2 * i) + 1, "Wait"));
        }

        var (stream, refused) = await peer.ReadAnswerAsync();
        (stream, refused.Status.Code).ShouldBe(((2u * TtrpcConnection.MostCalls) + 1, (int)StatusCode.ResourceExhausted));
        go.SetResult();
        for (var i = 0; i < TtrpcConnection.MostCalls; i++)
        {
            (await peer.ReadAnswerAsync()).Response.Status.ShouldBeNull();
        }

        await peer.SendAsync(RawPeer.Call((2 * TtrpcConnection.MostCalls) + 3, "Wait"));
        (await peer.ReadAnswerAsync()).Response.Status.ShouldBeNull();
    }

    [Fact]
    public async Task WhoNeverReadsIsNotReadAnyMoreAndHoldsNobody()
    {
        await using var host = new TtrpcHost().Echo().Start();
        using var deaf = await host.ConnectRawAsync();
        var flooding = FloodAsync(deaf);
        await using var client = await host.ConnectAsync();

        // It stands still: neither are its calls taken without end, nor is it closed.
        await Should.ThrowAsync<TimeoutException>(flooding);
        (await TtrpcServerTests.EchoAsync(client, "fine")).ShouldBe("fine");
        await host.StopAsync();
    }

    [Fact]
    public async Task NoBytesHarmTheServer()
    {
        await using var host = new TtrpcHost().Echo().Start();
        // Lengths of frames that may be, so that more than the header is looked at.
        var frame = Gen.Select(Gen.UInt[0, 64], Gen.UInt, Gen.Byte[0, 4], Gen.Byte[0, 2], Gen.Byte.Array[0, 64]);

        await frame.Array[1, 8].SampleAsync(
            async frames =>
            {
                using var peer = await host.ConnectRawAsync();
                foreach (var (length, stream, type, flags, bytes) in frames)
                {
                    await peer.SendAsync([.. RawPeer.Header(length, stream, type, flags), .. bytes]);
                }
            }, iter: 300, threads: 1);

        await using var client = await host.ConnectAsync();
        (await TtrpcServerTests.EchoAsync(client, "fine")).ShouldBe("fine");
        host.Serving.IsCompleted.ShouldBeFalse();
    }

    private static async Task FloodAsync(RawPeer peer)
    {
        var id = new string('x', 60_000);
        for (var stream = 1u; ; stream += 2)
        {
            await peer.SendAsync(RawPeer.Call(stream, "Echo", id)).WaitAsync(TimeSpan.FromSeconds(3));
        }
    }

    private static byte[] Filler(int length)
    {
        // A field of an unknown number, with the rest as its bytes: a request that is whole.
        var bytes = new byte[length];
        using var output = new Google.Protobuf.CodedOutputStream(bytes);
        output.WriteTag(15, Google.Protobuf.WireFormat.WireType.LengthDelimited);
        output.WriteLength(length - 5);
        return bytes;
    }
}

using System.Net.Sockets;
using Grpc.Core;
using Grpc.Health.V1;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;
using Eventually = Templating.Testing.Eventually;

namespace Templating.UnitTests.Node.Admission;

public sealed class CallGateTests
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);

    [Theory]
    [InlineData(MethodType.Unary, "GetClone", "CloneService")]
    [InlineData(MethodType.ServerStreaming, "WatchClones", "CloneService")]
    [InlineData(MethodType.DuplexStreaming, "ExecClone", "CloneService")]
    [InlineData(MethodType.Unary, "GetNode", "NodeService")]
    public async Task AMessageThatCannotBeDecodedIsTheCallersFault(MethodType type, string method, string service)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var called = new Method<byte[], byte[]>(type, $"templating.v1.{service}", method, Raw, Raw);
        using var call = daemon.Connect().CreateCallInvoker().AsyncDuplexStreamingCall(
            new Method<byte[], byte[]>(MethodType.DuplexStreaming, called.ServiceName, called.Name, Raw, Raw), host: null, new CallOptions());
        await call.RequestStream.WriteAsync([0xff, 0xff, 0xff]);
        await call.RequestStream.CompleteAsync();

        var failure = await Errors.FailureOf(() => call.ResponseStream.MoveNext());

        failure.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        failure.Info().Reason.ShouldBe("INVALID_ARGUMENT");
    }

    [Fact]
    public async Task PackedRequestsAreNotUnpacked()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var packed = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        (await Errors.FailureOf(async () => await new NodeService.NodeServiceClient(daemon.Connect()).GetNodeAsync(new GetNodeRequest(), packed)))
            .StatusCode.ShouldBe(StatusCode.InvalidArgument);
    }

    [Fact]
    public async Task AMethodThatIsNotThereIsUnimplemented()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var none = new Method<byte[], byte[]>(MethodType.Unary, "templating.v1.CloneService", "None", Raw, Raw);

        (await Errors.FailureOf(async () => await daemon.Connect().CreateCallInvoker().AsyncUnaryCall(none, host: null, new CallOptions(), [])))
            .StatusCode.ShouldBe(StatusCode.Unimplemented);
    }

    [Fact]
    public async Task ACallerHasItsShareOfCallsAndIsToldWhenItIsFull()
    {
        // Root and the daemon's own user may act for all: eight times as many.
        await using var daemon = await TestDaemon.StartAsync((options, _) => options.MaxCallsPerCaller = 8);
        var templates = new TemplateService.TemplateServiceClient(daemon.Connect());
        var watches = new List<AsyncServerStreamingCall<WatchTemplatesResponse>>();
        for (var i = 0; i < 64; i++)
        {
            watches.Add(templates.WatchTemplates(new WatchTemplatesRequest { Parent = "tenants/-" }));
            (await watches[^1].ResponseStream.MoveNext()).ShouldBeTrue();
        }

        var failure = await Errors.FailureOf(() =>
            templates.WatchTemplates(new WatchTemplatesRequest { Parent = "tenants/-" }).ResponseStream.MoveNext());
        failure.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        failure.Info().Reason.ShouldBe("NODE_CAPACITY_EXHAUSTED");
        failure.Status.Detail.ShouldContain("at most 64");

        watches[0].Dispose();
        await Eventually.UntilAsync(
            async () => await Record.ExceptionAsync(() => templates.ListTemplatesAsync(new ListTemplatesRequest { Parent = "tenants/-" }).ResponseAsync) is null,
            "a call that ended has left its place");
        watches.ForEach(watch => watch.Dispose());
    }

    [Fact]
    public async Task ACallerHasItsShareOfConnectionsAndIsToldWhenItIsFull()
    {
        await using var daemon = await TestDaemon.StartAsync((options, _) => options.MaxConnectionsPerCaller = 8);
        var idle = Enumerable.Range(0, 64).Select(_ => TestSockets.Connect(daemon.Options.EffectiveSocketPath)).ToList();
        var health = () => new Health.HealthClient(daemon.Connect()).CheckAsync(new HealthCheckRequest()).ResponseAsync;

        await Eventually.UntilAsync(
            async () => await Record.ExceptionAsync(health) is RpcException { StatusCode: StatusCode.ResourceExhausted } failure
                && failure.Status.Detail.Contains("at most 64"),
            "a connection too many is told so");

        idle.ForEach(socket => socket.Dispose());
        await Eventually.UntilAsync(async () => await Record.ExceptionAsync(health) is null, "connections that are closed have left their place");
    }

    [Fact]
    public async Task ABrokenConnectionHarmsNobodyElse()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var health = new Health.HealthClient(daemon.Connect());
        foreach (var nonsense in new byte[][] { [1, 2, 3], new byte[64 * 1024], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n"u8.ToArray() })
        {
            using var socket = TestSockets.Connect(daemon.Options.EffectiveSocketPath);
            await socket.SendAsync(nonsense, SocketFlags.None);
        }

        (await health.CheckAsync(new HealthCheckRequest())).Status.ShouldBe(HealthCheckResponse.Types.ServingStatus.Serving);
    }
}

using System.Net;
using System.Net.Sockets;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Hosting;

public sealed class MetricsTests
{
    [Fact]
    public async Task MetricsAreServedOnTheirOwnListenerAndNothingElseIs()
    {
        await using var daemon = await TestDaemon.StartAsync((options, _) => options.MetricsAddress = $"127.0.0.1:{FreePort()}");
        await daemon.BuildAsync();
        await new CloneService.CloneServiceClient(daemon.Connect()).CreateCloneAsync(
            new CreateCloneRequest { Spec = new CloneSpec { Template = "tenants/a/templates/t" } });
        using var http = new HttpClient { BaseAddress = new Uri($"http://{daemon.Options.MetricsAddress}") };

        var metrics = await http.GetStringAsync("/metrics");
        metrics.ShouldContain("templating_clone_start_duration_seconds_bucket{");
        metrics.ShouldContain("le=\"0.001\"");
        metrics.ShouldNotContain("tenants/");
        (await http.PostAsync("/templating.v1.NodeService/GetNode", new ByteArrayContent(new byte[5]))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var socket = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(
                new NetworkStream(TestSockets.Connect(daemon.Options.EffectiveSocketPath), ownsSocket: true)),
        })
        { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        (await socket.GetAsync("http://node/metrics")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Running;

namespace Templating.KubectlTests.Load;

public sealed class HttpProbeTests
{
    [Fact]
    public async Task ItAsksUntilAnAnswerIsNoFaultOfTheServers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var probe = new HttpProbe(TimeProvider.System);
        var asked = probe.AnswersAsync("127.0.0.1", new HttpGoal(port, "/healthz?deep=1"), CancellationToken.None);

        (await AnswerAsync(listener, "503 Service Unavailable")).ShouldStartWith("GET /healthz?deep=1 HTTP/1.1");
        asked.IsCompleted.ShouldBeFalse();
        await AnswerAsync(listener, "404 Not Found");

        await asked;
    }

    [Fact]
    public async Task WhereNobodyListensItAsksUntilItIsCancelled()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var probe = new HttpProbe(TimeProvider.System);
        using var cancel = new CancellationTokenSource();
        var asked = probe.AnswersAsync("127.0.0.1", new HttpGoal(port, "/"), cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
    }

    private static async Task<string> AnswerAsync(TcpListener listener, string status)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        var request = await reader.ReadLineAsync() ?? "";
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
            // Its headers.
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        return request;
    }
}

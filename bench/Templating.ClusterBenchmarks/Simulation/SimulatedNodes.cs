using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Stands for the daemons of many nodes: one gRPC server with mutual TLS on as many addresses of loopback, all on the same
/// port, as pods of a DaemonSet have it.
/// </summary>
internal sealed class SimulatedNodes : IAsyncDisposable
{
    private readonly Dictionary<IPAddress, SimulatedNode> _byAddress;
    private WebApplication? _server;

    /// <param name="count">At most 250.</param>
    /// <param name="port">Of each.</param>
    public SimulatedNodes(int count, int port)
    {
        Port = port;
        // 127.0.0.0/8 is all this machine's: a network of the run's own needs no search for free ports.
        var network = System.Security.Cryptography.RandomNumberGenerator.GetBytes(2);
        All =
        [
            .. Enumerable.Range(1, count).Select(i => new SimulatedNode(
                $"node-{i}", new IPAddress([127, (byte)(128 | network[0]), network[1], (byte)i]), uid => Activated?.Invoke(uid))),
        ];
        _byAddress = All.ToDictionary(n => n.Address);
    }

    /// <summary>A pod's VM is ready: its uid.</summary>
    public Action<string>? Activated { get; set; }

    public int Port { get; }

    public IReadOnlyList<SimulatedNode> All { get; }

    public SimulatedNode Of(ServerCallContext context) => _byAddress[context.GetHttpContext().Connection.LocalIpAddress!];

    public async Task StartAsync(X509Certificate2 certificate, X509Certificate2 authority, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var node in All)
            {
                kestrel.Listen(node.Address, Port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseHttps(certificate, https =>
                    {
                        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                        https.ClientCertificateValidation = (client, _, _) => client.Issuer == authority.Subject;
                    });
                });
            }
        });
        _server = builder.Build();
        _server.MapGrpcService<TemplateSimulator>();
        _server.MapGrpcService<PodSimulator>();
        _server.MapGrpcService<NodeSimulator>();
        await _server.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // Watches would be waited for.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _server.StopAsync(now.Token);
            await _server.DisposeAsync();
        }
    }
}

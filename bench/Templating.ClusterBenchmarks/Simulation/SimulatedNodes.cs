using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Templating.Testing.Kubernetes;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Stands for the daemons of many nodes: one gRPC server with mutual TLS on as many addresses of loopback, all on the same
/// port, as pods of a DaemonSet have it.
/// </summary>
internal sealed class SimulatedNodes : IAsyncDisposable
{
    private ScriptedServer? _server;

    /// <param name="count">At most 250.</param>
    /// <param name="port">Of each.</param>
    public SimulatedNodes(int count, int port)
    {
        Port = port;
        // 127.0.0.0/8 is all this machine's: a network of the run's own needs no search for free ports.
        var network = RandomNumberGenerator.GetBytes(2);
        All =
        [
            .. Enumerable.Range(1, count).Select(i => new SimulatedNode(
                $"node-{i}", new IPAddress([127, (byte)(128 | network[0]), network[1], (byte)i]), uid => Activated?.Invoke(uid))),
        ];
    }

    /// <summary>A pod's VM is ready: its uid.</summary>
    public Action<string>? Activated { get; set; }

    public int Port { get; }

    public IReadOnlyList<SimulatedNode> All { get; }

    public async Task StartAsync(X509Certificate2 certificate, string authorityPem, CancellationToken cancellationToken) =>
        _server = await ScriptedServer.StartAsync(All.ToDictionary(node => node.Address, node => node.Daemon), Port, certificate, authorityPem, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // Watches would be waited for.
            foreach (var node in All)
            {
                node.Daemon.BreakWatches();
            }

            await _server.DisposeAsync();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes.Metrics;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>The operator under test: its executable, under its own role, with files of its own.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Child _child;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Uri _metrics;
    private readonly string _log;

    private OperatorProcess(Child child, string address, string log) =>
        (_child, _metrics, _log, Figures) = (child, new Uri($"http://{address}/metrics"), log, new HostFigures(child.Pid));

    public HostFigures Figures { get; }

    /// <param name="executable">templating-operator.</param>
    /// <param name="folder">For its kubeconfig, certificates and log.</param>
    /// <param name="installation">Its namespace.</param>
    /// <param name="kubeconfig">As itself.</param>
    /// <param name="cancellationToken">Stops waiting for it.</param>
    public static async Task<OperatorProcess> StartAsync(
        string executable, string folder, string installation, string kubeconfig, CancellationToken cancellationToken)
    {
        var (address, log, tls) = ($"127.0.0.1:{FreePort()}", Path.Combine(folder, "operator.log"), Path.Combine(folder, "tls"));
        var child = Child.StartLogged(
            log,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                // Nobody attaches to it; no socket is left in /tmp.
                ["DOTNET_EnableDiagnostics"] = "0",
            },
            executable, $"--Kubeconfig={kubeconfig}", $"--Namespace={installation}", "--Identity=bench", $"--Listen=http://{address}",
            "--Pods:Image=simulated", $"--NodeTls:CaPath={tls}/ca.crt", $"--NodeTls:CertificatePath={tls}/tls.crt", $"--NodeTls:KeyPath={tls}/tls.key");
        var process = new OperatorProcess(child, address, log);
        try
        {
            await process.WaitLeadingAsync(cancellationToken);
            return process;
        }
        catch (Exception)
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public Task<MetricsPage> MetricsAsync(CancellationToken cancellationToken) => OperatorMetrics.ReadAsync(_http, _metrics, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        Processes.Signal(_child.Pid, Processes.SignalTerminate);
        try
        {
            await _child.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Processes.Signal(_child.Pid, Processes.SignalKill);
        }

        _child.Dispose();
        _http.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitLeadingAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        while (!await IsLeadingAsync(limit.Token))
        {
            if (_child.Ended)
            {
                throw new BenchmarkException($"The operator ended at its start:\n{Commands.Tail(_log)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        }
    }

    private async Task<bool> IsLeadingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await MetricsAsync(cancellationToken)).Sum(OperatorSeries.Leader) > 0;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }
}

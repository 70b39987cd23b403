using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using k8s;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// A real etcd and kube-apiserver on free ports of loopback, with RBAC, in a folder of their own. No controllers: nothing
/// removes a namespace's objects or orphans, and nothing schedules.
/// </summary>
public sealed class ApiServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly int _etcdPort = FreePort();
    private readonly int _etcdPeerPort = FreePort();
    private readonly int _port = FreePort();
    private readonly string _token = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private BoundProcess? _etcd;
    private BoundProcess? _server;

    private ApiServer() => _authority = new TestAuthority(_folder["pki"]);

    public Uri Address => new($"https://127.0.0.1:{_port}");

    /// <summary>As cluster admin.</summary>
    public string Kubeconfig => _folder["kubeconfig"];

    public BoundProcess Process => _server ?? throw new InvalidOperationException("It is stopped.");

    public static async Task<ApiServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new ApiServer();
        try
        {
            server.WriteFiles();
            server._etcd = server.StartEtcd();
            server.StartServer();
            await server.WaitReadyAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public KubernetesClientConfiguration Configuration(string? bearer = null) => new()
    {
        Host = Address.ToString(),
        AccessToken = bearer ?? _token,
        SslCaCerts = [.. Certificates()],
    };

    public k8s.Kubernetes Client() => new(Configuration());

    /// <summary>Kills the API server and starts it again where it was; etcd goes on.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopServerAsync();
        StartServer();
        await WaitReadyAsync(cancellationToken);
    }

    public async Task StopServerAsync()
    {
        await Process.StopAsync();
        Process.Dispose();
        _server = null;
    }

    public void StartServer() => _server = StartApiServer();

    /// <summary>Makes etcd forget all history before now.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken = default)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_etcdPort}") };
        using var range = await http.PostAsync("v3/kv/range", new StringContent("""{"key":"AA=="}"""), cancellationToken);
        using var answer = System.Text.Json.JsonDocument.Parse(await range.Content.ReadAsStringAsync(cancellationToken));
        var revision = answer.RootElement.GetProperty("header").GetProperty("revision").GetString();
        using var compacted = await http.PostAsync(
            "v3/kv/compaction", new StringContent($$"""{"revision":"{{revision}}","physical":true}"""), cancellationToken);
        compacted.EnsureSuccessStatusCode();
    }

    public async Task WaitReadyAsync(CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(StartLimit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(Certificates());
        using var http = new HttpClient(handler) { BaseAddress = Address, DefaultRequestHeaders = { Authorization = new("Bearer", _token) } };
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("readyz", either.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException e) when (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"kube-apiserver was not ready within {StartLimit}.\n{_server?.LogTail}\n{_etcd?.LogTail}", e);
            }

            if (_server is { HasExited: true } or null || _etcd is { HasExited: true })
            {
                throw new InvalidOperationException($"kube-apiserver or etcd ended.\n{_server?.LogTail}\n{_etcd?.LogTail}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync()
    {
        _server?.Dispose();
        _etcd?.Dispose();
        _authority.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2Collection Certificates()
    {
        var all = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
        all.ImportFromPem(_authority.CertificatePem);
        return all;
    }

    private void WriteFiles()
    {
        _folder.Write("tokens.csv", $"{_token},admin,admin,system:masters\n");
        using var key = RSA.Create(2048);
        _folder.Write("sa.key", key.ExportRSAPrivateKeyPem());
        _folder.Write("kubeconfig", $$$"""
            apiVersion: v1
            kind: Config
            clusters: [{name: test, cluster: {server: "{{{Address}}}", certificate-authority: {{{_authority.CertificatePath}}}}}]
            users: [{name: admin, user: {token: "{{{_token}}}"}}]
            contexts: [{name: test, context: {cluster: test, user: admin}}]
            current-context: test
            """);
    }

    private BoundProcess StartEtcd() => new(KubeBinaries.Path("etcd"),
        [
            $"--data-dir={_folder["etcd"]}", $"--listen-client-urls=http://127.0.0.1:{_etcdPort}",
            $"--advertise-client-urls=http://127.0.0.1:{_etcdPort}", $"--listen-peer-urls=http://127.0.0.1:{_etcdPeerPort}",
            $"--initial-advertise-peer-urls=http://127.0.0.1:{_etcdPeerPort}", $"--initial-cluster=default=http://127.0.0.1:{_etcdPeerPort}",
            "--unsafe-no-fsync",
        ], _folder["etcd.log"]);

    private BoundProcess StartApiServer()
    {
        var (certificate, key) = _authority.Issue("kube-apiserver", "localhost", "kubernetes.default.svc");
        return new(KubeBinaries.Path("kube-apiserver"),
        [
            $"--etcd-servers=http://127.0.0.1:{_etcdPort}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", $"--secure-port={_port}",
            $"--tls-cert-file={certificate}", $"--tls-private-key-file={key}", $"--client-ca-file={_authority.CertificatePath}",
            $"--token-auth-file={_folder["tokens.csv"]}", $"--service-account-issuer={Address}", $"--service-account-signing-key-file={_folder["sa.key"]}",
            $"--service-account-key-file={_folder["sa.key"]}", "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC",
            "--endpoint-reconciler-type=none", $"--cert-dir={_folder["certs"]}",
            // No controller makes the service accounts it asks for.
            "--disable-admission-plugins=ServiceAccount",
        ], _folder["apiserver.log"]);
    }
}

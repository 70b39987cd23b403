using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Templating.Kubernetes.Calls;

/// <summary>The way to an API server, and how requests prove whose they are.</summary>
public sealed class ApiConnection : IDisposable
{
    private ApiConnection(Uri root, HttpClient http, ServiceClientCredentials? credentials) => (Root, Http, Credentials) = (root, http, credentials);

    /// <summary>Ends with a slash.</summary>
    public Uri Root { get; }

    public HttpClient Http { get; }

    /// <summary>Null where a certificate is all, or nothing is asked for.</summary>
    public ServiceClientCredentials? Credentials { get; }

    /// <summary>KubernetesClient's, which is to be disposed by whoever made it.</summary>
    public static ApiConnection Of(k8s.Kubernetes client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new(client.BaseUri, client.HttpClient, client.Credentials);
    }

    /// <summary>Without KubernetesClient's own client, which brings its JSON of all kinds and with it reflection.</summary>
    /// <exception cref="KubeConfigException">It cannot be used as it is.</exception>
    public static ApiConnection Open(KubernetesClientConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (!Uri.TryCreate(configuration.Host, UriKind.Absolute, out var root))
        {
            throw new KubeConfigException($"Found the server '{configuration.Host}', expected https://HOST:PORT.");
        }

        // As kubectl has it: a server that is gone is noticed by what is under way.
        var handler = new SocketsHttpHandler
        {
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromMinutes(3),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
            EnableMultipleHttp2Connections = true,
        };
        Trust(handler, configuration);
        Show(handler, configuration);
        root = root.AbsoluteUri.EndsWith('/') ? root : new Uri(root.AbsoluteUri + "/");
        // Watches are ended by the server, other calls by ApiServer.
        return new(root, new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }, k8s.Kubernetes.CreateCredentials(configuration));
    }

    public void Dispose() => Http.Dispose();

    private static void Trust(SocketsHttpHandler handler, KubernetesClientConfiguration configuration)
    {
        var tls = handler.SslOptions;
        if (configuration.TlsServerName is { Length: > 0 } name)
        {
            tls.TargetHost = name;
        }

        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // insecure-skip-tls-verify: whoever wrote the kubeconfig asked for this, by that name.
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // The authorities of a cluster publish no lists of what they revoked.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
    }

    private static void Show(SocketsHttpHandler handler, KubernetesClientConfiguration configuration)
    {
        var (certificate, key) = (
            Pem(configuration.ClientCertificateFilePath, configuration.ClientCertificateData),
            Pem(configuration.ClientKeyFilePath, configuration.ClientCertificateKeyData));
        if (certificate is not null && key is not null)
        {
            var own = X509Certificate2.CreateFromPem(certificate, key);
            handler.SslOptions.ClientCertificates = [own];
            // Servers name the authorities they take; what is configured is shown whichever those are.
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        }
    }

    private static string? Pem(string? path, string? data) =>
        path is { Length: > 0 } ? File.ReadAllText(path)
        : data is { Length: > 0 } ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : null;
}

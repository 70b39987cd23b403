using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Node.Options;

namespace Templating.Node.Files;

/// <summary>
/// What the TCP listener shows and whom it lets in, from files that may change. Read at each handshake: three small
/// reads cost nothing beside the handshake's signatures. Connections that stand keep what they began with.
/// </summary>
internal sealed class TlsFiles(IOptions<NodeOptions> options, TimeProvider time, ILogger<TlsFiles> logger)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly ReloadingFiles<SslServerAuthenticationOptions>? _files = options.Value.Tcp is not { } tcp ? null : new(
        [tcp.CertificatePath, tcp.KeyPath, tcp.ClientCaPath],
        contents => Make(contents, logger), TimeSpan.Zero, time,
        e => Log.TlsFilesRefused(logger, $"{tcp.CertificatePath}, {tcp.KeyPath}, {tcp.ClientCaPath}", e.Message));

    /// <summary>Looks at the files now; false where they are faulty and the last good ones stay.</summary>
    public bool Reload() => _files?.Reload() ?? true;

    public SslServerAuthenticationOptions ServerOptions() =>
        _files?.Current ?? throw new InvalidOperationException("There is no TCP listener.");

    /// <summary>Until the certificate that is shown expires; null where there is no TCP listener.</summary>
    public TimeSpan? Remaining() => _files?.Current.ServerCertificateContext is { } context
        ? context.TargetCertificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime
        : null;

    private static SslServerAuthenticationOptions Make(IReadOnlyList<byte[]> contents, ILogger logger)
    {
        var pem = WrittenText.Read(contents[0]);
        var certificate = X509Certificate2.CreateFromPem(pem, WrittenText.Read(contents[1]));
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(WrittenText.Read(contents[2]));
        if (authorities.Count == 0)
        {
            throw new CryptographicException("The file of client authorities has no certificate.");
        }

        return new SslServerAuthenticationOptions
        {
            // Its own factory, because the chain is in the file and nothing is to be fetched from the network.
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            ClientCertificateRequired = true,
            CertificateChainPolicy = ClientPolicy(authorities),
            // Ours alone decide: a certificate from the system's authorities is nobody here.
            RemoteCertificateValidationCallback = (_, presented, _, errors) => Judge(presented, errors, logger),
        };
    }

    private static X509ChainPolicy ClientPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Short-lived certificates and a changed CA file revoke; a handshake must not wait for a CRL server.
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    private static bool Judge(X509Certificate? presented, SslPolicyErrors errors, ILogger logger)
    {
        // A client has no name to match: RemoteCertificateNameMismatch is about servers and is not raised here.
        if (errors == SslPolicyErrors.None && presented is not null)
        {
            return true;
        }

        Log.CertificateRefused(logger, presented?.Subject ?? "nobody", errors.ToString());
        return false;
    }
}

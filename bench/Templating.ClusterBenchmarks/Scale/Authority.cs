using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>A certificate authority and what it issues, good for a day.</summary>
internal sealed class Authority : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private Authority(X509Certificate2 certificate) => Certificate = certificate;

    public X509Certificate2 Certificate { get; }

    public string CertificatePem => Certificate.ExportCertificatePem();

    public static Authority Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return new Authority(request.CreateSelfSigned(now - TimeSpan.FromHours(1), now + Life));
    }

    /// <summary>One that is there as PEM files, of an elliptic curve's key.</summary>
    public static Authority Load(string certificate, string key) => new(X509Certificate2.CreateFromPemFile(certificate, key));

    /// <param name="subject">As in <c>O=group,CN=name</c>.</param>
    /// <param name="dnsName">A server's; null for a client.</param>
    public Issued Issue(string subject, string? dnsName = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(dnsName is null ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], critical: false));
        if (dnsName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }

        var (end, last) = (TimeProvider.System.GetUtcNow() + Life, new DateTimeOffset(Certificate.NotAfter));
        using var certificate = request.Create(
            Certificate, new DateTimeOffset(Certificate.NotBefore), end < last ? end : last,
            RandomNumberGenerator.GetBytes(8));
        return new Issued(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => Certificate.Dispose();

    /// <summary>Both in PEM.</summary>
    internal sealed record Issued(string Certificate, string Key)
    {
        /// <summary>TLS of .NET on Linux wants its key with the certificate.</summary>
        public X509Certificate2 ToCertificate() => X509Certificate2.CreateFromPem(Certificate, Key);
    }
}

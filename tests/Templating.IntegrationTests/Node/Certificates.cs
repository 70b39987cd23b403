using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Templating.Testing;

namespace Templating.IntegrationTests.Node;

/// <summary>An authority of a test's own and what it issues, as PEM files.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public Certificates()
    {
        var request = new CertificateRequest("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        _authority = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(2));
        Authority = _folder.Write("ca.crt", _authority.ExportCertificatePem());
    }

    public string Authority { get; }

    /// <summary>For the daemon on loopback.</summary>
    public (string Certificate, string Key) Server() => Issue("server", names => names.AddIpAddress(IPAddress.Loopback));

    /// <summary>For a client that may act for these tenants.</summary>
    public (string Certificate, string Key) Client(string name, params string[] tenants) => Issue(name, names =>
    {
        names.AddDnsName(name + ".test");
        Array.ForEach(tenants, tenant => names.AddUri(new Uri($"templating://tenants/{tenant}")));
    });

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }

    private (string Certificate, string Key) Issue(string name, Action<SubjectAlternativeNameBuilder> add)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        add(names);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            _authority, new DateTimeOffset(_authority.NotBefore), new DateTimeOffset(_authority.NotAfter), RandomNumberGenerator.GetBytes(8));
        return (_folder.Write(name + ".crt", certificate.ExportCertificatePem()), _folder.Write(name + ".key", key.ExportPkcs8PrivateKeyPem()));
    }
}

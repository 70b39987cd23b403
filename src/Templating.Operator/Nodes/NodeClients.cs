using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Templating.Api.Client;

namespace Templating.Operator.Nodes;

/// <summary>Makes connections to daemons with the certificates as they are now.</summary>
internal sealed class NodeClients(IOptions<NodeTls> options, TimeProvider time)
{
    public SharedClient Open(Uri address) => TemplatingAddress.TryParse(address.ToString(), out var target, out var problem)
        ? new SharedClient(new TemplatingClient(new TemplatingClientOptions
        {
            Address = target,
            CertificateAuthorityPath = options.Value.CaPath,
            CertificatePath = options.Value.CertificatePath,
            KeyPath = options.Value.KeyPath,
            ServerName = options.Value.ServerName,
            KeepAliveDelay = TimeSpan.FromSeconds(10),
        }))
        : throw new ArgumentException(problem, nameof(address));

    /// <summary>Until our certificate expires; null where there is none that can be read.</summary>
    public TimeSpan? Remaining()
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(options.Value.CertificatePath);
            return certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // The connections to daemons tell of it, in words.
            return null;
        }
    }

    /// <summary>Another one when a certificate file has other bytes.</summary>
    public async Task<string> StampAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in new[] { options.Value.CaPath, options.Value.CertificatePath, options.Value.KeyPath })
        {
            hash.AppendData(await File.ReadAllBytesAsync(path, cancellationToken));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

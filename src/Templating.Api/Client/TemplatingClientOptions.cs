namespace Templating.Api.Client;

/// <summary>How to reach a node's daemon.</summary>
public sealed record TemplatingClientOptions
{
    public required TemplatingAddress Address { get; init; }

    /// <summary>PEM file with the authorities that may vouch for the daemon; null means the system's. Only for https.</summary>
    public string? CertificateAuthorityPath { get; init; }

    /// <summary>PEM file with our certificate and its chain; the daemon asks for one. Only for https.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM file with the certificate's key; null means it is in <see cref="CertificatePath"/>.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The name the daemon's certificate must have; null means the address's host. Only for https.</summary>
    public string? ServerName { get; init; }

    /// <summary>How long connecting may take; default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A ping goes out after this much silence while a call is under way, default 30 s: a watch on a machine that
    /// vanished must end, not hang.
    /// </summary>
    public TimeSpan KeepAliveDelay { get; init; } = TimeSpan.FromSeconds(30);
}

using System.ComponentModel.DataAnnotations;

namespace Templating.Node.Options;

/// <summary>The TCP listener. There is none without mutual TLS. The files are read again when they change.</summary>
public sealed class TcpOptions
{
    /// <summary>Address and port to listen on: 0.0.0.0:9440, [::]:9440.</summary>
    [Required, IpEndPoint]
    public string Address { get; set; } = "";

    /// <summary>PEM file: the server's certificate, then its intermediates.</summary>
    [Required, AbsolutePath]
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file: the certificate's private key, not encrypted.</summary>
    [Required, AbsolutePath]
    public string KeyPath { get; set; } = "";

    /// <summary>PEM file: the authorities that issue client certificates. No other certificate is let in.</summary>
    [Required, AbsolutePath]
    public string ClientCaPath { get; set; } = "";
}

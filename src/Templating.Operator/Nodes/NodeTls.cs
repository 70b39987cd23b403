using System.ComponentModel.DataAnnotations;

namespace Templating.Operator.Nodes;

/// <summary>How the operator shows itself to daemons, and whom it takes for one. PEM files, read again when they change.</summary>
internal sealed class NodeTls
{
    /// <summary>Authorities that vouch for daemons.</summary>
    [Required]
    public string CaPath { get; set; } = "/etc/templating/tls/ca.crt";

    /// <summary>Our certificate; its common name is templating-operator.</summary>
    [Required]
    public string CertificatePath { get; set; } = "/etc/templating/tls/tls.crt";

    [Required]
    public string KeyPath { get; set; } = "/etc/templating/tls/tls.key";

    /// <summary>The name in the certificates of all daemons: pods' addresses change too often to be in there.</summary>
    [Required]
    public string ServerName { get; set; } = "templating-node";
}

using System.Security.Cryptography;
using System.Text.Json;
using Templating.Kubernetes.Resources;

namespace Templating.Kubernetes;

/// <summary>
/// A revision in the cluster is the digest of what determines the bytes of a template: two specs with the same revision
/// are the same template. On a node it is a template of its own, <c>NAME-REVISION</c>, so that old and new stand side by
/// side and nothing but names has to be remembered.
/// </summary>
public static class Revisions
{
    public const int Length = 10;

    /// <summary>A node's template name is an RFC 1123 label of 63 characters at most.</summary>
    public const int MaxTemplateName = 63 - Length - 1;

    private static readonly System.Buffers.SearchValues<char> LowerHex = System.Buffers.SearchValues.Create("0123456789abcdef");

    public static string Of(VMTemplateSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        // Neither where it is built nor how many old ones are kept changes its bytes.
        var essence = new { spec.Guest, spec.Machine, spec.Network, spec.Readiness };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(essence)))[..Length];
    }

    public static string NodeTemplate(string template, string revision) => $"{template}-{revision}";

    /// <summary>The VMTemplate and revision of a node's template; false for one that a person made by hand.</summary>
    public static bool TryParse(string nodeTemplate, out string template, out string revision)
    {
        ArgumentNullException.ThrowIfNull(nodeTemplate);
        template = revision = "";
        var split = nodeTemplate.Length - Length - 1;
        if (split < 1 || nodeTemplate[split] != '-' || !nodeTemplate.AsSpan(split + 1).ContainsOnlyHex())
        {
            return false;
        }

        template = nodeTemplate[..split];
        revision = nodeTemplate[(split + 1)..];
        return true;
    }

    private static bool ContainsOnlyHex(this ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);
}

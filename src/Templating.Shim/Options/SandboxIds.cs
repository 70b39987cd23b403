using System.IO.Hashing;
using System.Text;

namespace Templating.Shim.Options;

/// <summary>
/// What the daemon calls a pod's sandbox: containerd's ids may have 76 characters with capitals, dots and underscores, and a clone's is an
/// RFC 1123 label.
/// </summary>
internal static class SandboxIds
{
    /// <summary>As much of the id as crictl shows of it.</summary>
    private const int Shown = 13;
    private const int HashBytes = 8;

    public static string Of(string containerdNamespace, string group)
    {
        var shown = new string([.. group.Take(Shown).Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')]);
        var hash = XxHash128.Hash(Encoding.UTF8.GetBytes($"{containerdNamespace}\0{group}"));
        return $"{shown}-{Convert.ToHexStringLower(hash.AsSpan(0, HashBytes))}";
    }
}

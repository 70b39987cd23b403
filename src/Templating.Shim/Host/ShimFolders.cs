using System.IO.Hashing;
using System.Text;

namespace Templating.Shim.Host;

/// <summary>Where shims of this host have their files; tests have others.</summary>
internal sealed record ShimFolders
{
    public static ShimFolders Default { get; } = new();

    /// <summary>A folder for each pod, and locks.</summary>
    public string Run { get; init; } = "/run/templating-shim";

    /// <summary>Where containerd's own shims have their sockets.</summary>
    public string Sockets { get; init; } = "/run/containerd/s";

    /// <summary>One for each pod of each containerd.</summary>
    public PodPlace PlaceOf(string containerdAddress, string containerdNamespace, string group)
    {
        // The first part keeps it apart from the socket of containerd's own shim, which would have the same name for the same pod.
        // Nobody but containerd chooses what goes in. A cryptographic one would have OpenSSL in each pod's shim, 4 MB.
        var hash = Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes($"templating\0{containerdAddress}\0{containerdNamespace}\0{group}")));
        return new PodPlace(Path.Combine(Run, hash), Path.Combine(Sockets, hash), Path.Combine(Run, $"lock-{hash[..2]}"));
    }
}

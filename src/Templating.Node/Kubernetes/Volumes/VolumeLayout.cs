using Templating.Core.Store;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>
/// What a volume holds (docs/kubernetes/design.md):
/// <code>
/// TARGET/                                    a tmpfs of 64 KiB
///     revision/{manifest.json,memory,state}  the revision's own files, bound read-only
///     images/SHA256                          likewise
///     socket/                                any uid may write: the pod's process makes pod.sock there
/// </code>
/// </summary>
internal static class VolumeLayout
{
    public const string SocketFolder = "socket";

    public static readonly IReadOnlyList<string> Folders = ["revision", "images", SocketFolder];

    /// <summary>The files of a revision, each with its place in a volume.</summary>
    public static IReadOnlyList<(string Source, string Place)> Files(Revision revision, Func<FileDigest, string> imagePath) =>
    [
        (Path.Combine(revision.Path, StoreLayout.ManifestFile), $"revision/{StoreLayout.ManifestFile}"),
        (revision.MemoryPath, $"revision/{StoreLayout.MemoryFile}"),
        (revision.StatePath, $"revision/{StoreLayout.StateFile}"),
        // One file may be two of a guest's images.
        .. revision.Manifest.Images.DistinctBy(image => image.Sha256, StringComparer.Ordinal).Select(image => (imagePath(image), $"images/{image.Sha256}")),
    ];
}

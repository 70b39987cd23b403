using Templating.Contract;
using Templating.Core.Store;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>What a volume is given of its revision.</summary>
internal static class VolumeFiles
{
    /// <summary>The files of a revision, each with its place in a volume.</summary>
    public static IReadOnlyList<(string Source, string Place)> Of(Revision revision, Func<FileDigest, string> imagePath) =>
    [
        (Path.Combine(revision.Path, StoreLayout.ManifestFile), $"{VolumeLayout.RevisionFolder}/{StoreLayout.ManifestFile}"),
        (revision.MemoryPath, $"{VolumeLayout.RevisionFolder}/{StoreLayout.MemoryFile}"),
        (revision.StatePath, $"{VolumeLayout.RevisionFolder}/{StoreLayout.StateFile}"),
        // One file may be two of a guest's images.
        .. revision.Manifest.Images.DistinctBy(image => image.Sha256, StringComparer.Ordinal)
            .Select(image => (imagePath(image), $"{VolumeLayout.ImagesFolder}/{image.Sha256}")),
    ];
}

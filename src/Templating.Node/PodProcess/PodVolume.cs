using System.Security.Cryptography;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Vms;

namespace Templating.Node.PodProcess;

/// <summary>
/// A published volume as its pod finds it; <see cref="VolumeLayout"/> says what is where. The node's daemon has checked every
/// byte before it published them. Here the manifest and the state are hashed again, for that takes a millisecond; memory and
/// images are looked at for their size alone.
/// </summary>
internal sealed class PodVolume
{
    private PodVolume(string folder, RevisionName name, Manifest manifest) => (Folder, Name, Manifest) = (folder, name, manifest);

    public string Folder { get; }

    public RevisionName Name { get; }

    public Manifest Manifest { get; }

    public VmSource Source => new()
    {
        Name = Name,
        Manifest = Manifest,
        MemoryPath = Path.Combine(RevisionFolder(Folder), StoreLayout.MemoryFile),
        StatePath = Path.Combine(RevisionFolder(Folder), StoreLayout.StateFile),
        ImagePaths = [.. Manifest.Images.Select(i => ImagePath(Folder, i))],
    };

    /// <exception cref="TemplatingException">TemplateCorrupt, with everything that is wrong; ManifestInvalid.</exception>
    /// <exception cref="IOException">There is no such volume, or it cannot be read.</exception>
    public static PodVolume Open(string folder)
    {
        var path = Path.Combine(RevisionFolder(folder), StoreLayout.ManifestFile);
        byte[] bytes;
        using (var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var stamp))
        {
            // One byte more than is allowed is enough for the parser's refusal.
            bytes = new byte[Math.Min(stamp.Size, StoreLimits.ManifestBytes + 1L)];
            bytes = bytes[..RandomAccess.Read(file, bytes, 0)];
        }

        var manifest = ManifestFormat.Parse(bytes, path);
        var name = new RevisionName(new TemplateName(manifest.Tenant, manifest.Template), ManifestFormat.RevisionOf(bytes));
        var volume = new PodVolume(folder, name, manifest);
        var source = volume.Source;
        var problems = new[] { CheckSize(source.MemoryPath, manifest.Memory), CheckContent(source.StatePath, manifest.State) }
            .Concat(manifest.Images.Select(i => CheckSize(ImagePath(folder, i), i)))
            .OfType<string>()
            .ToList();
        return problems.Count == 0
            ? volume
            : throw new TemplatingException(
                ErrorCode.TemplateCorrupt, $"The volume {folder} is not what was published of {name}: {string.Join(" ", problems)}");
    }

    private static string RevisionFolder(string folder) => Path.Combine(folder, VolumeLayout.RevisionFolder);

    private static string ImagePath(string folder, FileDigest image) => Path.Combine(folder, VolumeLayout.ImagesFolder, image.Sha256);

    private static string? CheckSize(string path, FileDigest expected)
    {
        var stamp = FileStamp.TryRead(path);
        return stamp is not { IsRegularFile: true } found ? $"{path} is missing."
            : found.Size == expected.Size ? null : $"{path} has {found.Size} bytes, expected are {expected.Size}.";
    }

    private static string? CheckContent(string path, FileDigest expected)
    {
        if (CheckSize(path, expected) is { } problem)
        {
            return problem;
        }

        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        var found = Convert.ToHexStringLower(SHA256.HashData(stream));
        return string.Equals(found, expected.Sha256, StringComparison.Ordinal)
            ? null
            : $"{path} has SHA-256 {found}, expected is {expected.Sha256}.";
    }
}

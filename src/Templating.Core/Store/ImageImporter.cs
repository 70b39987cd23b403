using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>
/// Copies a file into a new one of the store's, hashing it on the way: by sharing its blocks where the filesystem can
/// (FICLONE), else byte by byte, leaving out zeros. What is hashed is what is kept, never what the source becomes.
/// </summary>
internal sealed class ImageImporter(StoreOptions options, StoreMedium medium, ILogger logger)
{
    private const int BufferSize = 64 * 1024;

    /// <exception cref="TemplatingException">InvalidArgument, IllegalState when it changes under way, DiskFull.</exception>
    public FileDigest Copy(string path, GuestFilePolicy policy, string target, CancellationToken cancellationToken)
    {
        using var source = GuestFiles.TryOpen(path, policy, out var problem);
        problem ??= GuestFiles.ImageProblem(path, RandomAccess.GetLength(source!));
        if (problem is not null)
        {
            throw new TemplatingException([new FieldViolation("spec.guest.image_paths", problem)]);
        }

        var before = FileStamp.Read(source!, path);
        try
        {
            var digest = Fill(source!, path, before, target, cancellationToken, out var how);
            // A source that changes while it is read gives a mixture that never was a filesystem.
            if (!FileStamp.Read(source!, path).SameContent(before))
            {
                throw new TemplatingException(ErrorCode.IllegalState, $"Image {path} changed while it was read: stop whatever writes to it and try again.");
            }

            medium.Keep(target);
            StoreFiles.Seal(target, options.FsVerity);
            logger.Imported(path, digest.Sha256, how);
            return digest;
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw DiskFull.Of(target, before.Size, e);
        }
    }

    private static FileDigest Fill(
        SafeFileHandle source, string path, FileStamp before, string target, CancellationToken cancellationToken, out string how)
    {
        using var file = FileSystem.Open(target, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenExclusive, 0x180 /* 0600 */);
        if (LibC.CloneFile(file, LibC.IoctlFileClone, source) == 0)
        {
            how = "reflink";
            return new ContentReader(file, target, punch: false).Read(progress: null, cancellationToken);
        }

        how = "copy";
        RandomAccess.SetLength(file, before.Size);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferSize];
        for (var offset = 0L; offset < before.Size;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, before.Size - offset)), offset);
            if (count == 0)
            {
                throw new TemplatingException(ErrorCode.IllegalState, $"Image {path} became shorter while it was read: stop whatever writes to it and try again.");
            }

            var part = buffer.AsSpan(0, count);
            hash.AppendData(part);
            if (part.ContainsAnyExcept((byte)0))
            {
                RandomAccess.Write(file, part, offset);
            }

            offset += count;
        }

        return new FileDigest(before.Size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}

using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.Core.Images;

/// <summary>Makes the file of an image, and seals it.</summary>
internal sealed class ImageMaker(ImageOptions options, IImageBuilder builder, StoreMedium medium)
{
    private const int CopyBytes = 64 * 1024;

    public ImageLimits Limits => new(options.BuildTimeout, options.MaxBytes, options.MaxInodes);

    public TreeScan Scan(string field, SafeFileHandle tree, CancellationToken cancellationToken) =>
        new TreeScanner(field, options.MaxBytes, options.MaxInodes).Scan(tree, cancellationToken);

    /// <returns>Digest and size of the sealed file, and how many inodes it has.</returns>
    public async Task<(FileDigest File, long Inodes)> MakeTreeAsync(string field, SafeFileHandle tree, string path, CancellationToken cancellationToken)
    {
        FileSystem.MakeFile(path, FileSystem.OwnerOnlyFile).Dispose();
        await builder.BuildAsync(tree, path, Limits, cancellationToken);
        return await WorkThread.RunAsync("image", () =>
        {
            using var file = FileSystem.OpenRegular(path, LibC.OpenReadWrite, out _);
            var inodes = ErofsFile.Normalise(file);
            return inodes <= options.MaxInodes
                ? (Seal(field, file, path, cancellationToken), inodes)
                : throw new TemplatingException([new FieldViolation(field,
                    $"The image has {inodes} files, folders and links; at most {options.MaxInodes} are allowed. Leave some out, or ask the operator to raise --images-max-inodes.")]);
        });
    }

    /// <summary>By sharing its blocks where the filesystem can, else byte by byte, leaving out zeros.</summary>
    public Task<FileDigest> CopyAsync(string field, SafeFileHandle source, string path, CancellationToken cancellationToken) => WorkThread.RunAsync("image", () =>
    {
        using var file = FileSystem.MakeFile(path, FileSystem.OwnerOnlyFile);
        if (LibC.CloneFile(file, LibC.IoctlFileClone, source) != 0)
        {
            Copy(source, file, path, cancellationToken);
        }

        return Seal(field, file, path, cancellationToken);
    });

    private FileDigest Seal(string field, SafeFileHandle file, string path, CancellationToken cancellationToken)
    {
        var length = RandomAccess.GetLength(file);
        var padded = (length + FileLimits.ImageAlignment - 1) / FileLimits.ImageAlignment * FileLimits.ImageAlignment;
        if (padded > options.MaxBytes)
        {
            throw TooLarge(field, padded);
        }

        RandomAccess.SetLength(file, padded);
        medium.Keep(path);
        var digest = new ContentReader(file, path, punch: false).Read(progress: null, cancellationToken);
        // The kernel guards no file that is open for writing.
        file.Dispose();
        StoreFiles.Seal(path, options.FsVerity);
        return digest;
    }

    /// <exception cref="TemplatingException">InvalidArgument.</exception>
    public void RequireSize(string field, long bytes)
    {
        if (bytes > options.MaxBytes)
        {
            throw TooLarge(field, bytes);
        }
    }

    private TemplatingException TooLarge(string field, long bytes) => new([new FieldViolation(field,
        $"The image has {bytes} bytes; at most {options.MaxBytes} are allowed. Leave something out, or ask the operator to raise --images-max-bytes.")]);

    private static void Copy(SafeFileHandle source, SafeFileHandle file, string path, CancellationToken cancellationToken)
    {
        var length = RandomAccess.GetLength(source);
        RandomAccess.SetLength(file, length);
        var buffer = new byte[CopyBytes];
        for (var offset = 0L; offset < length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var data = Extents.NextData(source, offset, length);
            if (data > offset)
            {
                offset = data;
                continue;
            }

            var count = RandomAccess.Read(source, buffer, offset);
            if (count == 0)
            {
                break; // it became shorter: whoever compares its stamps is told
            }

            if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                FileSystem.Write(file, buffer.AsSpan(0, count), offset, path);
            }

            offset += count;
        }
    }
}

using System.Security.Cryptography;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>
/// Copies a kernel or an initrd to where the VM's own user can read it. What is booted is then what was hashed, even if
/// somebody changes the original meanwhile.
/// </summary>
internal static class GuestFileCopy
{
    private const int BufferSize = 64 * 1024;

    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <exception cref="TemplatingException">InvalidArgument, when the file is not one the policy allows.</exception>
    public static async Task<FileDigest> CopyAsync(
        string field, string source, string target, GuestFilePolicy policy, CancellationToken cancellationToken)
    {
        using var handle = GuestFiles.TryOpen(source, policy, out var problem)
            ?? throw new TemplatingException([new FieldViolation(field, problem ?? "The file cannot be opened.")]);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var output = new FileStream(target, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = ReadableByAll,
        });
        var buffer = new byte[BufferSize];
        long size = 0;
        for (int read; (read = await RandomAccess.ReadAsync(handle, buffer, size, cancellationToken)) > 0; size += read)
        {
            hash.AppendData(buffer, 0, read);
            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return new FileDigest(size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}

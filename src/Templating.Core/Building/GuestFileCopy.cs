using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>
/// Copies a kernel or an initrd to where the VM's own user can read it, and nobody else. What is booted is then what was hashed,
/// even if somebody changes the original meanwhile.
/// </summary>
/// <param name="Target">In a folder of the build's own, on the store's disk: /run is memory, and everybody's.</param>
/// <param name="MaxBytes">More is refused, also where the file grows while it is copied.</param>
/// <param name="FindProblem">What is wrong with a file by its content, given its path; null where nothing is.</param>
/// <param name="Owner">Null for the daemon's own user.</param>
internal sealed record GuestFileCopy(string Target, long MaxBytes, Func<string, SafeFileHandle, string?> FindProblem, VmUser? Owner)
{
    private const int BufferSize = 64 * 1024;

    private const UnixFileMode ReadableByOwner = UnixFileMode.UserRead;

    /// <exception cref="TemplatingException">InvalidArgument: the file is not one the policy allows, or too large. DiskFull.</exception>
    public async Task<FileDigest> CopyAsync(string field, string source, GuestFilePolicy policy, CancellationToken cancellationToken)
    {
        using var handle = GuestFiles.TryOpen(source, policy, out var problem);
        var length = handle is null ? 0 : RandomAccess.GetLength(handle);
        problem ??= GuestFiles.SizeProblem(source, length, MaxBytes);
        problem ??= FindProblem(source, handle!);
        if (problem is not null)
        {
            throw new TemplatingException([new FieldViolation(field, problem)]);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var output = FileSystem.MakeFile(Target, ReadableByOwner);
        var buffer = new byte[BufferSize];
        long size = 0;
        try
        {
            for (int read; (read = await RandomAccess.ReadAsync(handle!, buffer, size, cancellationToken)) > 0; size += read)
            {
                if (GuestFiles.SizeProblem(source, size + read, MaxBytes) is { } grown)
                {
                    throw new TemplatingException([new FieldViolation(field, grown)]);
                }

                hash.AppendData(buffer, 0, read);
                await RandomAccess.WriteAsync(output, buffer.AsMemory(0, read), size, cancellationToken);
            }
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw DiskFull.Of(Target, Math.Max(length, size), e);
        }

        if (Owner is not null)
        {
            FileSystem.Check(LibC.ChangeOwner(output, Owner.Uid, Owner.Gid), "give to the VM's user", Target);
        }

        return new FileDigest(size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}

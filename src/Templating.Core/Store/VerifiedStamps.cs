using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// Which files were found to have their digest, kept for the next daemon of this boot of the host, so that it does not read again what did
/// not change: device, inode, size, modification and change time tell, and no call sets the last. It is believed only where it is the
/// daemon's own file that nobody else may write to; whatever is wrong with it costs a reading of the templates, no more.
/// <code>
/// { "version": 1, "boot": "BOOT-ID", "files": [ { "path", "sha256", "device", "inode", "size", "modified", "changed" } ] }
/// </code>
/// </summary>
/// <param name="path">The file. Null keeps nothing.</param>
/// <param name="logger">Hears what is wrong with it.</param>
internal sealed class VerifiedStamps(string? path, ILogger logger)
{
    private const int Version = 1;

    /// <summary>About 60,000 files.</summary>
    private const int MaxBytes = 16 << 20;

    private const int OthersMayWrite = 0x12;    // 0022

    /// <summary>Those whose file is still the one it was.</summary>
    public IReadOnlyList<VerifiedFile> Read()
    {
        try
        {
            if (path is null || FileStamp.TryRead(path) is not { } stamp)
            {
                return [];
            }

            FileSystem.RequireOwn(stamp, path);
            if ((stamp.Mode & OthersMayWrite) != 0)
            {
                throw new IOException($"Others may write to {path}.");
            }

            var stamps = JsonSerializer.Deserialize(SmallFile.Read(path, MaxBytes), VerifiedStampsJson.Default.StampFile);
            return stamps is { Version: Version, Files: { } files } && stamps.Boot == HostBoot.Id
                ? [.. files.Where(f => f is { Path: not null } && Labels.IsSha256(f.Sha256) && FileStamp.TryRead(f.Path)?.SameContent(f.Stamp) == true)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.StampsNotUsed(e.Message);
            return [];
        }
    }

    /// <summary>A rename: whoever looks sees the old ones or the new ones.</summary>
    public void Write(IEnumerable<VerifiedFile> files)
    {
        if (path is null)
        {
            return;
        }

        try
        {
            SmallFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(
                new StampFile { Version = Version, Boot = HostBoot.Id, Files = [.. files] }, VerifiedStampsJson.Default.StampFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next daemon reads the templates; this one knows.
            logger.StampsNotKept(e.Message);
        }
    }
}

/// <summary>A file that was found to have its digest.</summary>
internal sealed record VerifiedFile
{
    public required string Path { get; init; }

    public required string Sha256 { get; init; }

    public required ulong Device { get; init; }

    public required ulong Inode { get; init; }

    public required long Size { get; init; }

    public required long Modified { get; init; }

    public required long Changed { get; init; }

    [JsonIgnore]
    public FileStamp Stamp => new(Device, Inode, Size, Modified, Changed);

    public static VerifiedFile Of(string path, FileStamp stamp, FileDigest digest) => new()
    {
        Path = path,
        Sha256 = digest.Sha256,
        Device = stamp.Device,
        Inode = stamp.Inode,
        Size = stamp.Size,
        Modified = stamp.ModifiedNanoseconds,
        Changed = stamp.ChangedNanoseconds,
    };
}

internal sealed record StampFile
{
    public required int Version { get; init; }

    /// <summary>A file system may get the device number of another in the next one.</summary>
    public Guid Boot { get; init; }

    public IReadOnlyList<VerifiedFile>? Files { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, MaxDepth = 8)]
[JsonSerializable(typeof(StampFile))]
internal sealed partial class VerifiedStampsJson : JsonSerializerContext;

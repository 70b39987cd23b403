using System.Text.Json.Serialization;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>What is known of an image: <c>DIGEST.json</c> beside it. Written last, and so the moment in which the image is there.</summary>
internal sealed record ImageRecord
{
    public const int CurrentVersion = 1;

    /// <summary>Of the same image by other ways: more are forgotten, the oldest first, and cost another look.</summary>
    public const int MaxKeys = 32;

    public required int FormatVersion { get; init; }

    public required string Digest { get; init; }

    public required ImageKind Kind { get; init; }

    public required long Bytes { get; init; }

    public required long Inodes { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset LastUse { get; init; }

    /// <summary>Of what it was published (<see cref="ImageKeys"/>).</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Who published it, and so may use it.</summary>
    public required IReadOnlyList<string> Tenants { get; init; }

    /// <summary>Of its file as it was published. Another one has other bytes, or may have.</summary>
    public required ulong Device { get; init; }

    public required ulong Inode { get; init; }

    public required long Modified { get; init; }

    public required long Changed { get; init; }

    public bool IsOf(FileStamp file) =>
        file.SameContent(new FileStamp(Device, Inode, Bytes, Modified, Changed));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImageRecordJson : JsonSerializerContext;

namespace Templating.Core.Images;

/// <summary>Where images are kept, of what they may be made, and how large they may be.</summary>
public sealed record ImageOptions
{
    public const long DefaultMaxBytes = 16L << 30;

    public const long DefaultMaxInodes = 1_000_000;

    public const long DefaultCacheBytes = 20L << 30;

    /// <summary>Long enough for 16 GiB from a disk of 150 MB/s, and the time a kubelet gives a container to be created.</summary>
    public static readonly TimeSpan DefaultBuildTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The cache's folder; made where it is missing.</summary>
    public required string Root { get; init; }

    /// <summary>Folders below which what is published has to lie. Empty, the default: nothing may be published.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>The most bytes that an image may have.</summary>
    public long MaxBytes { get; init; } = DefaultMaxBytes;

    /// <summary>The most files, folders and all else that one may have in it.</summary>
    public long MaxInodes { get; init; } = DefaultMaxInodes;

    /// <summary>How long the making of one may take.</summary>
    public TimeSpan BuildTimeout { get; init; } = DefaultBuildTimeout;

    /// <summary>Bytes that all images may have before those nobody holds go, the longest unused first.</summary>
    public long CacheBytes { get; init; } = DefaultCacheBytes;

    /// <summary>Whether published files get fs-verity where the filesystem has it.</summary>
    public bool FsVerity { get; init; } = true;
}

namespace Templating.Core.Images;

/// <summary>An image as its tenant sees it.</summary>
public sealed record ImageView
{
    public required string Tenant { get; init; }

    /// <summary>SHA-256 of its bytes, with what it was padded by.</summary>
    public required string Digest { get; init; }

    public required ImageKind Kind { get; init; }

    /// <summary>A multiple of 2 MiB.</summary>
    public required long Bytes { get; init; }

    /// <summary>Files, folders and all else in the tree it was made of; 0 of a file.</summary>
    public required long Inodes { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset LastUse { get; init; }

    /// <summary>How many of the tenant's own clones hold it.</summary>
    public required int Uses { get; init; }
}

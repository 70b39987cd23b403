namespace Templating.Core.Store;

/// <summary>Where and how templates are kept.</summary>
public sealed record StoreOptions
{
    /// <summary>The store's folder, absolute; made when it is not there. One process owns it at a time.</summary>
    public required string Root { get; init; }

    /// <summary>
    /// Whether to ask for fs-verity on published files, after which the kernel itself checks each page it reads from
    /// disk. Default true; a filesystem without it is no error.
    /// </summary>
    public bool FsVerity { get; init; } = true;

    /// <summary>
    /// A file in which it is kept what was verified, for the next daemon; in a folder of the daemon's own, and best one that a reboot
    /// empties. Null keeps nothing.
    /// </summary>
    public string? StampPath { get; init; }

    /// <summary>Bytes that must stay free beside the RAM of the builds under way. Default 64 MiB.</summary>
    public long ReservedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes that must be free for a template of that RAM to be built, if no other is; the images and what it boots come beside.</summary>
    public long RoomFor(long memoryBytes) => memoryBytes + ReservedBytes;
}

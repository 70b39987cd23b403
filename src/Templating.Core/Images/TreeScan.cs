namespace Templating.Core.Images;

/// <summary>What a tree has in it.</summary>
/// <param name="Bytes">Of its files as they will lie in an image: whole blocks, holes counted.</param>
/// <param name="Inodes">Files, folders and all else; a file of several names once.</param>
/// <param name="Stamp">SHA-256 over each name, mode, owner, size and time: another where anything was changed.</param>
internal sealed record TreeScan(long Bytes, long Inodes, string Stamp);

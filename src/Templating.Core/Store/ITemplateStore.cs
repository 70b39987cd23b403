using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>Templates on disk. Safe for concurrent use by one process; a lock file keeps a second one out.</summary>
public interface ITemplateStore : IDisposable
{
    /// <summary>All readable revisions, newest first within a template. From memory; <see cref="Rescan"/> reads the disk.</summary>
    IReadOnlyList<Revision> List(string? tenant);

    /// <summary>What lies in the store and cannot be used. A name with an empty part is a thing that is no revision.</summary>
    IReadOnlyList<BrokenRevision> ListBroken(string? tenant);

    /// <summary>The newest readable revision, or the named one. Null when there is none.</summary>
    Revision? Find(TemplateName template, string? revision);

    /// <summary>Reads the folders again; returns what was not broken before.</summary>
    IReadOnlyList<BrokenRevision> Rescan();

    /// <summary>A new staging folder with a <c>memory</c> of that size, its room reserved, and an empty <c>state</c>.</summary>
    /// <param name="memoryBytes">The RAM's size.</param>
    /// <param name="owner">Who may write the two files: the user the template VM runs as; null for the daemon's own.</param>
    /// <exception cref="Errors.TemplatingException">DiskFull: less room than the RAM needs at worst is left.</exception>
    IStagedRevision Stage(long memoryBytes, VmUser? owner);

    /// <summary>Where the image lies in the store.</summary>
    string ImagePath(FileDigest image);

    /// <summary>
    /// Re-hashes manifest, memory, state and images, reporting progress in bytes. Returns every problem found, each
    /// naming the file, what was expected and what was found; empty when sound. Works on broken revisions as well.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">TemplateNotFound.</exception>
    Task<IReadOnlyList<string>> VerifyAsync(RevisionName name, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken);

    /// <summary>
    /// The check before a revision's first use after a start: like <see cref="VerifyAsync"/>, done once per revision
    /// and process, shared by concurrent callers, remembered as long as size, inode and times of the files stay.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">TemplateCorrupt. TemplateNotFound: it was deleted.</exception>
    Task EnsureVerifiedAsync(Revision revision, CancellationToken cancellationToken);

    /// <summary>What the last of these checks found wrong; null when all was well, or there was none since the start.</summary>
    string? FindProblem(RevisionName name);

    /// <summary>Removes a revision: renamed away first, so that it is gone at once or not at all.</summary>
    /// <returns>False when there was none.</returns>
    bool Delete(RevisionName name);

    /// <summary>Deletes readable revisions beyond the newest <paramref name="keep"/> that are not in use.</summary>
    /// <returns>Those that went.</returns>
    IReadOnlyList<RevisionName> Retain(TemplateName template, int keep, Func<RevisionName, bool> inUse);

    /// <summary>Deletes images no revision names and no build holds, staging folders no build owns, and folders half deleted.</summary>
    CollectResult Collect();
}

/// <summary>A build under way. Disposing without publishing removes it.</summary>
public interface IStagedRevision : IDisposable
{
    string Path { get; }

    /// <summary>
    /// Whether what failed did so because the store's filesystem has no room left: the failure to tell then, else null. A VM
    /// that writes RAM for which the disk has no block is just killed (SIGBUS).
    /// </summary>
    Errors.TemplatingException? FindDiskFull(Exception failure);

    string MemoryPath { get; }

    string StatePath { get; }

    /// <summary>
    /// Brings an image into <c>images/SHA256</c> (reflink where the filesystem can) and returns its digest. The image
    /// stays at least until this build is disposed, and then as long as a revision names it.
    /// </summary>
    /// <exception cref="Errors.TemplatingException">
    /// InvalidArgument: not a file the policy allows, or not a multiple of 2 MiB. IllegalState: it changed under way.
    /// DiskFull.
    /// </exception>
    Task<FileDigest> ImportImageAsync(string path, GuestFilePolicy policy, CancellationToken cancellationToken);

    /// <summary>
    /// Punches zero pages out of memory, hashes memory and state, makes them and the manifest read-only, writes all
    /// to disk, renames the folder into the store. Killed at any step, the store holds the old state and nothing half.
    /// Legal once, when no process has memory or state open for writing any more.
    /// </summary>
    /// <param name="draft">Makes the manifest from the digests of memory and state.</param>
    /// <exception cref="Errors.TemplatingException">DiskFull, ManifestInvalid, IllegalState.</exception>
    Task<Revision> PublishAsync(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken);
}

public sealed record VerifyProgress(string File, long Done, long Total);

public sealed record CollectResult(int Images, int StagingFolders, long Bytes);

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>A build under way: its folder in staging, and the images it holds. Disposing without publishing removes it.</summary>
public sealed class StagedRevision : IDisposable
{
    /// <summary>Filesystems keep a few blocks to themselves; with less than this free, writes fail.</summary>
    private const long NoRoom = 1024 * 1024;

    private readonly StoreContext _store;
    private readonly string _tenant;
    private readonly List<string> _images = [];
    private string? _inputs;
    private int _publications;
    private bool _disposed;

    private StagedRevision(StoreContext store, string tenant, string path)
    {
        (_store, _tenant) = (store, tenant);
        Path = path;
    }

    public string Path { get; }

    public string MemoryPath => System.IO.Path.Combine(Path, StoreLayout.MemoryFile);

    public string StatePath => System.IO.Path.Combine(Path, StoreLayout.StateFile);

    internal static StagedRevision Create(StoreContext store, long memoryBytes, VmUser? owner, string tenant)
    {
        StagedRevision staged;
        lock (store.Gate)
        {
            var alone = store.Options.RoomFor(memoryBytes);
            if (StoreFiles.TotalBytes(store.Layout.Root) is var total && total < alone)
            {
                throw new TemplatingException(
                    ErrorCode.NodeTooSmall,
                    $"The template's RAM needs {alone} bytes of the store's filesystem ({store.Layout.Root}), which has {total} in all: "
                    + "enlarge it, put the store on another (--store-path), build on another node, or give the machine less memory.");
            }

            var needed = store.PromisedBytes() + alone;
            if (StoreFiles.FreeBytes(store.Layout.Root) < needed)
            {
                throw DiskFull.Of(store.Layout.Staging, needed);
            }

            staged = new StagedRevision(store, tenant, store.Own("build"));
            store.Enter(staged, memoryBytes);
        }

        try
        {
            FileSystem.MakeFolder(staged.Path, FileSystem.OwnerOnlyFolder);
            MakeFile(staged.MemoryPath, memoryBytes, owner);
            MakeFile(staged.StatePath, 0, owner: null);
            return staged;
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            staged.Dispose();
            throw DiskFull.Of(staged.Path, memoryBytes, e);
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes a folder for files that the build needs and the revision does not have: a kernel, an initrd. It goes with this. Once.
    /// </summary>
    public string MakeInputsFolder()
    {
        lock (_store.Gate)
        {
            ThrowIfGivenUp();
            _inputs = _store.Own("inputs");
        }

        FileSystem.MakeFolder(_inputs, FileSystem.PassThroughFolder);
        return _inputs;
    }

    /// <summary>
    /// Brings an image into <c>images/SHA256</c> (reflink where the filesystem can) and returns its digest. The image
    /// stays at least until this build is disposed, and then as long as a revision names it.
    /// </summary>
    /// <exception cref="TemplatingException">
    /// InvalidArgument: not a file the policy allows, or not a multiple of 2 MiB. IllegalState: it changed under way.
    /// DiskFull.
    /// </exception>
    public async Task<FileDigest> ImportImageAsync(string path, GuestFilePolicy policy, CancellationToken cancellationToken)
    {
        string copy;
        lock (_store.Gate)
        {
            ThrowIfGivenUp();
            copy = _store.Own("image");
        }

        try
        {
            var digest = await WorkThread.RunAsync(
                "import", () => new ImageImporter(_store.Options, _store.Medium, _store.Logger).Copy(path, policy, copy, cancellationToken));
            var target = _store.Layout.Image(digest.Sha256);
            if (Adopt(copy, target, digest))
            {
                return digest;
            }

            // There already, and held now. Whoever builds anew because an image went bad must get a good one.
            if (await _store.Files.CheckAsync(_tenant, target, digest, blocks: null, cancellationToken) is not null)
            {
                _store.Logger.ImageHealed(target);
                MoveImage(copy, target, digest);
            }

            return digest;
        }
        finally
        {
            _store.Discard(copy);
        }
    }

    /// <summary>
    /// Punches zero pages out of memory, hashes memory and state, makes them and the manifest read-only, writes all
    /// to disk, renames the folder into the store. Killed at any step, the store holds the old state and nothing half.
    /// Legal once, when no process has memory or state open for writing any more.
    /// </summary>
    /// <param name="draft">Makes the manifest from the digests of memory and state.</param>
    /// <param name="cancellationToken">Heard until the folder is renamed.</param>
    /// <exception cref="TemplatingException">DiskFull, ManifestInvalid, IllegalState.</exception>
    public Task<Revision> PublishAsync(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        ThrowIfGivenUp();
        return Interlocked.Increment(ref _publications) == 1
            ? WorkThread.RunAsync("publish", () => new Publication(_store, this).Run(draft, cancellationToken))
            : throw new InvalidOperationException("A staged revision is published once.");
    }

    /// <summary>
    /// Whether what failed did so because the store's filesystem has no room left: the failure to tell then, else null. A VM
    /// that writes RAM for which the disk has no block is just killed (SIGBUS).
    /// </summary>
    public TemplatingException? FindDiskFull(Exception failure) => StoreFiles.FreeBytes(_store.Layout.Root) < NoRoom
        ? DiskFull.Of(Path, NoRoom, failure)
        : null;

    public void Dispose()
    {
        lock (_store.Gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _images.ForEach(_store.Unpin);
            _images.Clear();
            _store.Leave(this);
        }

        _store.Discard(Path);
        if (_inputs is not null)
        {
            _store.Discard(_inputs);
        }
    }

    /// <exception cref="ObjectDisposedException">Disposed, by a build that was cancelled.</exception>
    internal void ThrowIfGivenUp() => ObjectDisposedException.ThrowIf(_disposed, this);

    /// <summary>Whether this build imported the image and so keeps it. Under the store's gate.</summary>
    internal bool Holds(string sha256) => _images.Contains(sha256);

    private static void MakeFile(string path, long size, VmUser? owner)
    {
        using var file = FileSystem.Open(path, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenExclusive, 0x180 /* 0600 */);
        RandomAccess.SetLength(file, size);
        Reserve(file, path, size);
        if (owner is not null)
        {
            FileSystem.Check(LibC.ChangeOwner(file, owner.Uid, owner.Gid), "give to the VM's user", path);
        }
    }

    /// <summary>
    /// Takes all blocks the guest may write now: a page that finds no block later kills QEMU (SIGBUS), whoever filled the
    /// disk. Publishing gives back those that were not needed. A filesystem that cannot reserve is taken as it is.
    /// </summary>
    private static void Reserve(SafeFileHandle file, string path, long size)
    {
        if (size > 0 && LibC.Fallocate(file, 0, 0, size) != 0
            && Marshal.GetLastPInvokeError() is not (Errno.NotSupported or Errno.NotImplemented))
        {
            throw FileSystem.LastError("reserve", path);
        }
    }

    /// <summary>Holds the image for this build; moves the copy to its place when that is empty.</summary>
    private bool Adopt(string copy, string target, FileDigest digest)
    {
        lock (_store.Gate)
        {
            ThrowIfGivenUp();
            _store.Pin(digest.Sha256);
            _images.Add(digest.Sha256);
            if (FileStamp.TryRead(target) is not null)
            {
                return false;
            }

            MoveImage(copy, target, digest);
            return true;
        }
    }

    private void MoveImage(string copy, string target, FileDigest digest)
    {
        lock (_store.Gate)
        {
            FileSystem.Rename(copy, target);
            FileSystem.SyncFolder(_store.Layout.Images);
            _store.Files.Remember(target, digest);
        }
    }
}

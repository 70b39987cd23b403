using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Store;

/// <summary>A build's folder in staging, and its way into the store.</summary>
internal sealed class StagedRevision : IStagedRevision
{
    /// <summary>Filesystems keep a few blocks to themselves; with less than this free, writes fail.</summary>
    private const long NoRoom = 1024 * 1024;

    private readonly StoreContext _store;
    private readonly List<string> _images = [];
    private int _publications;
    private bool _disposed;

    private StagedRevision(StoreContext store, string path)
    {
        _store = store;
        Path = path;
    }

    public string Path { get; }

    public string MemoryPath => System.IO.Path.Combine(Path, StoreLayout.MemoryFile);

    public string StatePath => System.IO.Path.Combine(Path, StoreLayout.StateFile);

    public static StagedRevision Create(StoreContext store, long memoryBytes, VmUser? owner)
    {
        StagedRevision staged;
        lock (store.Gate)
        {
            var needed = store.PromisedBytes() + memoryBytes + store.Options.ReservedBytes;
            if (StoreFiles.FreeBytes(store.Layout.Root) < needed)
            {
                throw StoreFiles.DiskFull(store.Layout.Staging, needed);
            }

            staged = new StagedRevision(store, store.Own("build"));
            store.Enter(staged, memoryBytes);
        }

        try
        {
            FileSystem.MakeFolder(staged.Path, FileSystem.PassThroughFolder);
            MakeFile(staged.MemoryPath, memoryBytes, owner);
            MakeFile(staged.StatePath, 0, owner);
            return staged;
        }
        catch (IOException e) when (StoreFiles.IsDiskFull(e))
        {
            staged.Dispose();
            throw StoreFiles.DiskFull(staged.Path, memoryBytes, e);
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    public Task<FileDigest> ImportImageAsync(string path, GuestFilePolicy policy, CancellationToken cancellationToken) =>
        Task.Run(() => ImportAsync(path, policy, cancellationToken), cancellationToken);

    public Task<Revision> PublishAsync(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Interlocked.Increment(ref _publications) == 1
            ? Task.Run(() => PublishOrExplain(draft, cancellationToken), cancellationToken)
            : throw new InvalidOperationException("A staged revision is published once.");
    }

    public TemplatingException? FindDiskFull(Exception failure) => StoreFiles.FreeBytes(_store.Layout.Root) < NoRoom
        ? StoreFiles.DiskFull(Path, NoRoom, failure)
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
    }

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

    private async Task<FileDigest> ImportAsync(string path, GuestFilePolicy policy, CancellationToken cancellationToken)
    {
        string copy;
        lock (_store.Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            copy = _store.Own("image");
        }

        try
        {
            var digest = new ImageImporter(_store.Options, _store.Logger).Copy(path, policy, copy, cancellationToken);
            var target = _store.Layout.Image(digest.Sha256);
            if (Adopt(copy, target, digest))
            {
                return digest;
            }

            // There already, and held now. Whoever builds anew because an image went bad must get a good one.
            if (await _store.Files.CheckAsync(target, digest, cancellationToken) is not null)
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

    /// <summary>Holds the image for this build; moves the copy to its place when that is empty.</summary>
    private bool Adopt(string copy, string target, FileDigest digest)
    {
        lock (_store.Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
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

    private Revision PublishOrExplain(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        try
        {
            return Publish(draft, cancellationToken);
        }
        catch (IOException e) when (StoreFiles.IsDiskFull(e))
        {
            throw StoreFiles.DiskFull(Path, StoreLimits.ManifestBytes, e);
        }
    }

    private Revision Publish(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        TakeBack(MemoryPath);
        TakeBack(StatePath);
        Step("taken");
        var memory = ReadThrough(MemoryPath, punch: true, cancellationToken);
        Step("memory");
        var state = ReadThrough(StatePath, punch: false, cancellationToken);
        var manifest = draft(memory, state);
        if (manifest.Memory != memory || manifest.State != state)
        {
            throw new ArgumentException("The manifest does not have the digests it was to be made from.", nameof(draft));
        }

        var bytes = ManifestFormat.Write(manifest);
        var name = new RevisionName(new TemplateName(manifest.Tenant, manifest.Template), ManifestFormat.RevisionOf(bytes));
        var manifestPath = System.IO.Path.Combine(Path, StoreLayout.ManifestFile);
        StoreFiles.WriteNew(manifestPath, bytes);
        Step("manifest");
        var verity = StoreFiles.Seal(MemoryPath, _store.Options.FsVerity);
        StoreFiles.Seal(StatePath, _store.Options.FsVerity);
        StoreFiles.Seal(manifestPath, _store.Options.FsVerity);
        FileSystem.SyncFolder(Path);
        Step("sealed");
        cancellationToken.ThrowIfCancellationRequested();
        var revision = Move(name, manifest);
        _store.Logger.Published(name, revision.AllocatedBytes, memory.Size + state.Size, verity);
        return revision;
    }

    private Revision Move(RevisionName name, Manifest manifest)
    {
        var layout = _store.Layout;
        var target = layout.Revision(name);
        lock (_store.Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            foreach (var image in manifest.Images)
            {
                if (FileStamp.TryRead(layout.Image(image.Sha256)) is not { } stamp || stamp.Size != image.Size || !_images.Contains(image.Sha256))
                {
                    throw new TemplatingException(ErrorCode.IllegalState, $"Image {image.Sha256} of {name.Template} was not imported by this build: import it before publishing.");
                }
            }

            FileSystem.MakeFolder(layout.Tenant(name.Template.Tenant), FileSystem.PassThroughFolder);
            FileSystem.MakeFolder(layout.Template(name.Template), FileSystem.PassThroughFolder);
            FileSystem.SyncFolder(layout.Templates);
            FileSystem.SyncFolder(layout.Tenant(name.Template.Tenant));
            Step("folders");
            var renamed = LibC.Rename(Path, target) == 0;
            if (!renamed && Marshal.GetLastPInvokeError() is not (Errno.NotEmpty or Errno.Exists))
            {
                throw FileSystem.LastError("rename to", target);
            }

            // Not renamed: the very same manifest is there, so it is the same revision, published by a retry.
            Step("renamed");
            // After the rename, because without root a folder must be writable to change its parent (rename(2), EACCES).
            File.SetUnixFileMode(target, FileSystem.SealedFolder);
            FileSystem.SyncFolder(layout.Template(name.Template));
            var (revision, broken) = new StoreScanner(layout).Load(name);
            if (revision is null)
            {
                throw new TemplatingException(ErrorCode.TemplateCorrupt, $"{name} cannot be used: {broken!.Revision.Problem}");
            }

            _store.Index.Add(revision);
            if (renamed)
            {
                _store.Verifier.Remember(revision);
            }

            return revision;
        }
    }

    /// <summary>
    /// Takes a file back from the user the VM ran as, and makes sure that nobody still has it open or mapped for
    /// writing: a read lease is granted only then (fcntl(2), F_SETLEASE). A filesystem without leases cannot tell.
    /// </summary>
    private static void TakeBack(string path)
    {
        using var file = StoreFiles.OpenRegular(path, LibC.OpenReadOnly, out var stamp);
        var user = LibC.EffectiveUser();
        if (stamp.Uid != user)
        {
            FileSystem.Check(LibC.ChangeOwner(file, user, LibC.EffectiveGroup()), "take back", path);
        }

        File.SetUnixFileMode(file, FileSystem.OwnerOnlyFile);
        if (LibC.Fcntl(file, LibC.SetLease, LibC.LeaseRead) == 0)
        {
            FileSystem.Check(LibC.Fcntl(file, LibC.SetLease, LibC.LeaseNone), "release", path);
        }
        else if (Marshal.GetLastPInvokeError() == Errno.Again)
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"{path} is still open for writing: a template is published when its VM is gone.");
        }
    }

    private static FileDigest ReadThrough(string path, bool punch, CancellationToken cancellationToken)
    {
        using var file = StoreFiles.OpenRegular(path, punch ? LibC.OpenReadWrite : LibC.OpenReadOnly, out _);
        return new ContentReader(file, path, punch).Read(progress: null, cancellationToken);
    }

    private void Step(string name) => _store.AfterStep?.Invoke(name);
}

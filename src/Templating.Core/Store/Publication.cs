using System.Runtime.InteropServices;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>A finished build's way from staging into the store.</summary>
internal sealed class Publication(StoreContext store, StagedRevision staged)
{
    /// <summary>The rules are those of <see cref="StagedRevision.PublishAsync"/>.</summary>
    public Revision Run(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        try
        {
            return Publish(draft, cancellationToken);
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw DiskFull.Of(staged.Path, StoreLimits.ManifestBytes, e);
        }
    }

    private Revision Publish(Func<FileDigest, FileDigest, Manifest> draft, CancellationToken cancellationToken)
    {
        TakeBack(staged.MemoryPath);
        TakeBack(staged.StatePath);
        Step("taken");
        var memory = ReadThrough(staged.MemoryPath, punch: !store.Medium.IsMemory, cancellationToken);
        store.Medium.Keep(staged.MemoryPath);
        Step("memory");
        var state = ReadThrough(staged.StatePath, punch: false, cancellationToken);
        var manifest = draft(memory, state) with { MemoryBlocks = BlocksOf(staged.MemoryPath, cancellationToken) };
        if (manifest.Memory != memory || manifest.State != state)
        {
            throw new ArgumentException("The manifest does not have the digests it was to be made from.", nameof(draft));
        }

        var bytes = ManifestFormat.Write(manifest);
        var name = new RevisionName(new TemplateName(manifest.Tenant, manifest.Template), ManifestFormat.RevisionOf(bytes));
        var manifestPath = Path.Combine(staged.Path, StoreLayout.ManifestFile);
        StoreFiles.WriteNew(manifestPath, bytes);
        Step("manifest");
        var verity = StoreFiles.Seal(staged.MemoryPath, store.Options.FsVerity);
        StoreFiles.Seal(staged.StatePath, store.Options.FsVerity);
        StoreFiles.Seal(manifestPath, store.Options.FsVerity);
        FileSystem.SyncFolder(staged.Path);
        Step("sealed");
        cancellationToken.ThrowIfCancellationRequested();
        var revision = Move(name, manifest);
        store.Logger.Published(name, revision.AllocatedBytes, memory.Size + state.Size, verity);
        return revision;
    }

    private Revision Move(RevisionName name, Manifest manifest)
    {
        var layout = store.Layout;
        var target = layout.Revision(name);
        lock (store.Gate)
        {
            staged.ThrowIfGivenUp();
            foreach (var image in manifest.Images)
            {
                if (!staged.Holds(image.Sha256) || FileStamp.TryRead(layout.Image(image.Sha256))?.Size != image.Size)
                {
                    throw new TemplatingException(ErrorCode.IllegalState, $"Image {image.Sha256} of {name.Template} was not imported by this build: import it before publishing.");
                }
            }

            FileSystem.MakeFolder(layout.Tenant(name.Template.Tenant), FileSystem.PassThroughFolder);
            FileSystem.MakeFolder(layout.Template(name.Template), FileSystem.PassThroughFolder);
            FileSystem.SyncFolder(layout.Templates);
            FileSystem.SyncFolder(layout.Tenant(name.Template.Tenant));
            Step("folders");
            var renamed = LibC.Rename(staged.Path, target) == 0;
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

            store.Index.Add(revision);
            if (renamed)
            {
                store.Verifier.Remember(revision);
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
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var stamp);
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
        using var file = FileSystem.OpenRegular(path, punch ? LibC.OpenReadWrite : LibC.OpenReadOnly, out _);
        return new ContentReader(file, path, punch).Read(progress: null, cancellationToken);
    }

    /// <summary>After the holes are punched: only data is read, which the kernel has in memory still.</summary>
    private static string BlocksOf(string path, CancellationToken cancellationToken)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
        return BlockDigest.Compute(file, path, progress: null, cancellationToken);
    }

    private void Step(string name) => store.AfterStep?.Invoke(name);
}

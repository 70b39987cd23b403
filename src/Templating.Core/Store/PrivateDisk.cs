using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// A file of a VM's own in the store's file system. It has no name: when nobody has it open any more it is gone, whatever became of the
/// daemon. Its room is promised to it until this is disposed.
/// </summary>
internal sealed class PrivateDisk : IDisposable
{
    private readonly StoreContext _store;

    private PrivateDisk(StoreContext store, SafeFileHandle file, string name, long bytes) => (_store, File, Name, Bytes) = (store, file, name, bytes);

    /// <summary>What the file was called for the moment in which it was made: the kernel still says so of who has it open.</summary>
    public string Name { get; }

    /// <summary>Open for reading and writing.</summary>
    public SafeFileHandle File { get; }

    public long Bytes { get; }

    /// <summary>Bytes that it may yet take.</summary>
    public long PromisedBytes => Math.Max(0, Bytes - FileStamp.Read(File, "a VM's disk").AllocatedBytes);

    /// <exception cref="TemplatingException">DiskFull: less room than that is left. IllegalState: the store lies in memory.</exception>
    public static PrivateDisk Make(StoreContext store, long bytes)
    {
        if (store.Medium.IsMemory)
        {
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"This node's store lies in memory ({store.Medium.FileSystem}), where a VM's disk would take the host's: put the store on a disk to plug one.");
        }

        lock (store.Gate)
        {
            var needed = store.PromisedBytes() + bytes + store.Options.ReservedBytes;
            if (StoreFiles.FreeBytes(store.Layout.Root) < needed)
            {
                throw DiskFull.Of(store.Layout.Root, needed);
            }

            var path = store.Own("disk");
            var disk = new PrivateDisk(store, FileSystem.MakeFile(path, FileSystem.OwnerOnlyFile), Path.GetFileName(path), bytes);
            // From here on it ends with its last descriptor. What a kill leaves before is swept at the next start.
            store.Discard(path);
            try
            {
                RandomAccess.SetLength(disk.File, bytes);
            }
            catch
            {
                disk.File.Dispose();
                throw;
            }

            store.Enter(disk);
            return disk;
        }
    }

    /// <summary>One that a daemon before this one made, among what that process has open; null where it has none of that name.</summary>
    public static PrivateDisk? TryFind(StoreContext store, int pid, string name, long bytes)
    {
        // The path is the kernel's word: no process can say so of another file.
        var link = Path.Combine(store.Layout.Staging, name) + " (deleted)";
        try
        {
            var found = Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd"))
                .FirstOrDefault(file => string.Equals(new FileInfo(file).LinkTarget, link, StringComparison.Ordinal));
            if (found is null)
            {
                return null;
            }

            var disk = new PrivateDisk(store, FileSystem.OpenLink(found), name, bytes);
            lock (store.Gate)
            {
                store.Enter(disk);
            }

            return disk;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        lock (_store.Gate)
        {
            _store.Leave(this);
            File.Dispose();
        }
    }
}

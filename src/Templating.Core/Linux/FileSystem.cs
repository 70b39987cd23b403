using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>File operations whose failures name the path and carry the error number as <see cref="Exception.HResult"/>.</summary>
internal static class FileSystem
{
    public const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    public const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode OwnerOnlyFolder = OwnerOnlyFile | UnixFileMode.UserExecute;

    /// <summary>0711: others may pass through to a name they know, and cannot list the names.</summary>
    public const UnixFileMode PassThroughFolder = OwnerOnlyFolder | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>0755: of a folder in which the daemon's own lies.</summary>
    public const UnixFileMode FolderAbove = SealedFolder | UnixFileMode.UserWrite;

    /// <summary>0555.</summary>
    public const UnixFileMode SealedFolder =
        ReadableByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Opens without following a symbolic link in the last part and without waiting for a pipe's other end.</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0)
    {
        var descriptor = LibC.Open(path, flags | LibC.OpenNoFollow | LibC.OpenNonBlock | LibC.OpenCloseOnExec, mode);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastError("open", path);
    }

    /// <summary>Opens what a link of /proc leads to.</summary>
    public static SafeFileHandle OpenLink(string path)
    {
        var descriptor = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenCloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastError("open", path);
    }

    /// <exception cref="IOException">It is not there, or not a regular file.</exception>
    public static SafeFileHandle OpenRegular(string path, int flags, out FileStamp stamp)
    {
        var file = Open(path, flags);
        stamp = FileStamp.Read(file, path);
        if (!stamp.IsRegularFile)
        {
            file.Dispose();
            throw new IOException($"{path} is {stamp.Kind}; a regular file is expected.");
        }

        return file;
    }

    public static void Sync(SafeFileHandle file, string path) => Check(LibC.Fsync(file), "write to disk", path);

    public static void SyncFolder(string path)
    {
        using var folder = Open(path, LibC.OpenReadOnly | LibC.OpenDirectory);
        Sync(folder, path);
    }

    public static void Rename(string from, string to) => Check(LibC.Rename(from, to), "rename to", to);

    /// <summary>Makes a file that is not there yet, with exactly that mode, whatever the umask; open for reading and writing.</summary>
    public static SafeFileHandle MakeFile(string path, UnixFileMode mode)
    {
        // Closed until it has its mode: there is no moment in which more may open it.
        var file = Open(path, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenExclusive, 0x180 /* 0600 */);
        SetMode(file, mode, path);
        return file;
    }

    /// <summary>Opens a file of the daemon's own, made where it is missing, that nobody else may open (0600), whatever it was before.</summary>
    /// <exception cref="IOException">It is another user's.</exception>
    public static SafeFileHandle OpenOwn(string path)
    {
        var file = Open(path, LibC.OpenReadWrite | LibC.OpenCreate, 0x180 /* 0600 */);
        try
        {
            RequireOwn(FileStamp.Read(file, path), path);
            SetMode(file, OwnerOnlyFile, path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Makes a folder of the daemon's own with exactly that mode, whatever the umask. One that is there gets the mode: it may be of
    /// an older version.
    /// </summary>
    /// <exception cref="IOException">Something else is in its place (a link is not followed), or it is another user's.</exception>
    public static void MakeFolder(string path, UnixFileMode mode)
    {
        if (LibC.MakeFolder(path, (uint)OwnerOnlyFolder) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.NoEntry && Path.GetDirectoryName(path) is { } above && FileStamp.TryRead(above) is null)
            {
                MakeFolder(above, FolderAbove);
                MakeFolder(path, mode);
                return;
            }

            if (error != Errno.Exists)
            {
                throw Error(error, "make the folder", path);
            }
        }

        RequireFolder(path);

        // By its descriptor: what is judged is what gets the mode.
        using var folder = Open(path, LibC.OpenReadOnly | LibC.OpenDirectory);
        RequireOwn(FileStamp.Read(folder, path), path);
        SetMode(folder, mode, path);
    }

    /// <summary>Why <see cref="MakeFolder"/> would refuse, found without making anything; null where it would not.</summary>
    public static IOException? FindFolderProblem(string path)
    {
        const int WriteAndSearch = 2 | 1;
        try
        {
            if (FileStamp.TryRead(path) is { } found)
            {
                RequireFolder(path);
                RequireOwn(found, path);
            }

            var there = NearestFolder(path);
            return LibC.Access(there, WriteAndSearch) == 0 ? null : LastError("write to", there);
        }
        catch (IOException e)
        {
            return e;
        }
    }

    /// <summary>The folder, or the nearest one above it that there is.</summary>
    public static string NearestFolder(string path)
    {
        var there = Path.TrimEndingDirectorySeparator(path);
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { Length: > 0 } above)
        {
            there = above;
        }

        return there;
    }

    /// <summary>The folder that a symbolic link leads to; the path itself where it is none, or nothing is there.</summary>
    /// <exception cref="IOException">The link leads nowhere: what it is to lead to may be a disk that is not mounted.</exception>
    public static string RealFolder(string path)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        if (FileStamp.TryRead(path) is not { IsLink: true } link)
        {
            return path;
        }

        if (link.Uid != 0)
        {
            // In a folder where others may make one, theirs would lead the daemon to what it then takes for its own.
            RequireOwn(link, path);
        }

        // By a descriptor: the kernel's own way through links, whatever lies between.
        var descriptor = LibC.Open(path, LibC.OpenPath | LibC.OpenDirectory | LibC.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw Error(
                Marshal.GetLastPInvokeError(),
                $"follow the symbolic link (to '{new FileInfo(path).LinkTarget}'; mount or make that folder, or remove the link)", path);
        }

        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        return new FileInfo(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}")).LinkTarget ?? path;
    }

    /// <summary>Makes a folder that others may be in, too, where there is none; one that is there stays as it is.</summary>
    public static void MakeMissingFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            MakeFolder(path, FolderAbove);
        }
    }

    private static void SetMode(SafeFileHandle file, UnixFileMode mode, string path) =>
        Check(LibC.ChangeMode(file, (uint)mode), "set the mode of", path);

    /// <exception cref="IOException">Something else is in its place.</exception>
    private static void RequireFolder(string path)
    {
        if (FileStamp.TryRead(path) is { IsFolder: false } stamp)
        {
            throw Error(Errno.NotFolder, $"use ({stamp.Kind} is in the way)", path);
        }
    }

    /// <summary>Whoever owns a file can open it to everybody, whatever mode it gets.</summary>
    /// <exception cref="IOException">It is another user's.</exception>
    public static void RequireOwn(FileStamp stamp, string path)
    {
        if (LibC.EffectiveUser() is var own && stamp.Uid != own)
        {
            throw new IOException(
                $"{path} belongs to user {stamp.Uid}, and the daemon runs as {own}: give it to that one ('chown {own} {path}'), or choose another path.");
        }
    }

    /// <summary>
    /// Removes what is there, never through a symbolic link. Sealed folders (0555) are opened first, because only
    /// root may unlink from one otherwise.
    /// </summary>
    /// <returns>The bytes on disk that became free.</returns>
    public static long RemoveTree(string path)
    {
        if (FileStamp.TryRead(path) is not { } stamp)
        {
            return 0;
        }

        if (!stamp.IsFolder)
        {
            File.Delete(path);
            return stamp.AllocatedBytes;
        }

        File.SetUnixFileMode(path, OwnerOnlyFolder);
        var freed = 0L;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
        {
            freed += RemoveTree(entry);
        }

        Check(LibC.RemoveFolder(path), "remove", path);
        return freed;
    }

    /// <summary>Removes an empty folder; false when it is not empty or not there.</summary>
    public static bool TryRemoveEmptyFolder(string path)
    {
        if (LibC.RemoveFolder(path) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NotEmpty or Errno.NoEntry or Errno.Exists ? false : throw Error(error, "remove", path);
    }

    /// <summary>All of them; what .NET throws where there is no room does not name a file that was opened by its descriptor.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, string path)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (IOException e)
        {
            throw new PathException($"Cannot write to {path}: {Marshal.GetPInvokeErrorMessage(e.HResult)}.", e.HResult, path) { Needed = bytes.Length };
        }
    }

    public static void Check(int result, string verb, string path)
    {
        if (result < 0)
        {
            throw LastError(verb, path);
        }
    }

    public static IOException LastError(string verb, string path) => Error(Marshal.GetLastPInvokeError(), verb, path);

    public static IOException Error(int error, string verb, string path) =>
        new PathException($"Cannot {verb} {path}: {Marshal.GetPInvokeErrorMessage(error)}.", error, path);
}

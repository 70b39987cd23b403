using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>A network namespace by the name that its owner gave it: a pod's, below <c>/run/netns</c>.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const nuint GetKind = 0xb703; // NS_GET_NSTYPE, linux/nsfs.h

    private const string Own = "/proc/self/ns/net";

    private readonly SafeFileHandle _file;

    private NetworkNamespace(SafeFileHandle file) => _file = file;

    /// <summary>For calls that name a namespace by its descriptor.</summary>
    public SafeHandle File => _file;

    /// <summary>
    /// Looks at what is there before it opens it: opening a device or a pipe may do something by itself. A link in the last part is
    /// not followed.
    /// </summary>
    /// <param name="path">Its file.</param>
    /// <param name="problem">Why it is none that a VM may be connected to; empty where it is one.</param>
    /// <exception cref="IOException">It is not there, or cannot be opened.</exception>
    public static NetworkNamespace? TryOpen(string path, out string problem)
    {
        using var place = FileSystem.Open(path, LibC.OpenPath);
        if (FileStamp.Read(place, path).Device != OwnStamp(Own).Device)
        {
            problem = "it is not a namespace's file; a pod's network namespace has one below /run/netns";
            return null;
        }

        var file = FileSystem.OpenLink(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{place.DangerousGetHandle()}"));
        problem = FindProblem(file, path);
        if (problem.Length == 0)
        {
            return new NetworkNamespace(file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Does something there, on a thread of its own that ends with it.</summary>
    public T Within<T>(Func<T> step) => OwnThread.Run("pod-network", () =>
        NamespaceCalls.Enter(_file.DangerousGetHandle().ToInt32(), NamespaceCalls.NewNetwork) < 0
            ? throw FileSystem.LastError("enter", "the network namespace")
            : step());

    public void Dispose() => _file.Dispose();

    private static unsafe string FindProblem(SafeFileHandle file, string path)
    {
        var kind = LibC.Control(file.DangerousGetHandle().ToInt32(), GetKind, null);
        FileSystem.Check(kind, "ask for the kind of", path);
        if (kind != NamespaceCalls.NewNetwork)
        {
            return "it is a namespace of another kind than the network's";
        }

        // The init process's, too: the daemon may have been given a network of its own.
        var found = FileStamp.Read(file, path);
        return IsThat(found, Own) || IsThat(found, "/proc/1/ns/net") ? "it is the host's own; a pod has one of its own" : "";
    }

    private static bool IsThat(FileStamp found, string own)
    {
        try
        {
            var other = OwnStamp(own);
            return found.Device == other.Device && found.Inode == other.Inode;
        }
        catch (IOException e) when (e.HResult is Errno.Access or Errno.NotPermitted or Errno.NoEntry)
        {
            return false;
        }
    }

    private static FileStamp OwnStamp(string path)
    {
        using var file = FileSystem.OpenLink(path);
        return FileStamp.Read(file, path);
    }
}

using System.Runtime.InteropServices;

namespace Templating.UnitTests.Store;

/// <summary>A real filesystem of 40 MiB, mounted for one test.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private static readonly Lazy<bool> Probe = new(() =>
    {
        using var disk = new SmallDisk();
        return disk.IsMounted;
    });

    private readonly TempFolder _folder = new();

    public SmallDisk() => IsMounted = Mount("tmpfs", _folder.Path, "tmpfs", 0, "size=40m,mode=755") == 0;

    public static bool IsPossible => Probe.Value;

    public bool IsMounted { get; }

    public string At(string name) => _folder.At(name);

    public void Dispose()
    {
        if (IsMounted)
        {
            // MNT_DETACH: the folder below is removed next.
            _ = Unmount(_folder.Path, 2);
        }

        _folder.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}

/// <summary>A test that mounts a <see cref="SmallDisk"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.IsPossible ? null : "Mounting a small tmpfs is not permitted here.";
}

/// <summary>A test that gives files to other users.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "Giving files to another user needs root.";
}

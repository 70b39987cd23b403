using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.Node.Files;
using Templating.Node.Kubernetes.Volumes;

namespace Templating.Node.VmPods;

/// <summary>
/// The folder of a pod's socket, held open: a pod whose user is root could put a link in the folder's own place, and the
/// daemon would follow it to any socket of the node.
/// </summary>
internal sealed partial class PodSocketFolder : IDisposable
{
    // linux/fcntl.h on x86-64.
    private const int OpenPath = 0x200000;
    private const int OpenDirectory = 0x10000;
    private const int OpenNoFollow = 0x20000;
    private const int OpenCloseOnExec = 0x80000;

    private readonly SafeFileHandle _folder;

    private PodSocketFolder(SafeFileHandle folder) => _folder = folder;

    public PodClient Client => new(SocketPath);

    /// <summary>Whether there is something to connect to. Cheap, since it is asked often.</summary>
    public bool HasSocket => FileIdentity.TryRead(SocketPath) is not null;

    private string SocketPath => $"/proc/self/fd/{_folder.DangerousGetHandle()}/{VolumeLayout.SocketFile}";

    /// <summary>Null where there is no such folder.</summary>
    public static PodSocketFolder? TryOpen(VolumeView volume)
    {
        var folder = new SafeFileHandle(Open(volume.SocketFolder, OpenPath | OpenDirectory | OpenNoFollow | OpenCloseOnExec), ownsHandle: true);
        if (!folder.IsInvalid)
        {
            return new PodSocketFolder(folder);
        }

        folder.Dispose();
        return null;
    }

    public void Dispose() => _folder.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}

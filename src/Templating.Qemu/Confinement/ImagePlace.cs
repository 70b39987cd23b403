using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>
/// The one name in a jail that is left when it has been emptied: an empty file, onto which an image is mounted, read-only, for the moment
/// in which QEMU opens it. QEMU takes memory from a file by its path alone, and in its jail there is no /proc that would lead to one
/// it has open.
/// </summary>
internal sealed class ImagePlace : IDisposable
{
    public const string Path = "/image";

    private readonly int _pid;

    private ImagePlace(int pid) => _pid = pid;

    /// <summary>Whether a process sees other mounts than this one does.</summary>
    public static bool IsJailed(int pid) =>
        !string.Equals(NamespaceOf(string.Create(CultureInfo.InvariantCulture, $"{pid}")), NamespaceOf("self"), StringComparison.Ordinal);

    /// <summary>Shows a file to the process until this is disposed.</summary>
    /// <exception cref="TemplatingException">Internal: what the kernel refuses.</exception>
    public static ImagePlace Show(int pid, SafeFileHandle file)
    {
        var mount = MountCalls.MountOf(file);
        if (mount < 0)
        {
            throw NativeError.Last("The image cannot be mounted for the VM");
        }

        try
        {
            VmMounts.Change(pid, () => MountCalls.Attach(mount, "/image"u8), "show the image to the VM");
        }
        finally
        {
            _ = DescriptorCalls.Close(mount);
        }

        return new ImagePlace(pid);
    }

    /// <summary>Takes the file away again; what has it open keeps it.</summary>
    public void Dispose() => VmMounts.Change(_pid, () => MountCalls.Unmount(Path, MountCalls.Detach | MountCalls.NoFollow), "take the image from the VM's sight");

    /// <exception cref="TemplatingException">IsolationViolated: a process in a jail sees more than its empty root.</exception>
    public static void RequireUnseen(int pid)
    {
        if (!IsJailed(pid))
        {
            return;
        }

        var left = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/mountinfo")).Count();
        if (left != 1)
        {
            throw new TemplatingException(ErrorCode.IsolationViolated,
                $"QEMU's mount namespace has {left} mounts where its empty root alone is expected. The VM was ended.");
        }
    }

    private static string? NamespaceOf(string process) => new FileInfo($"/proc/{process}/ns/mnt").LinkTarget;
}

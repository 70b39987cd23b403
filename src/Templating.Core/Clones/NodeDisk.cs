using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Clones;

/// <summary>
/// A block device of the host, opened for one VM. It is claimed as a mount claims it (O_EXCL, open(2)): as long as any descriptor of it is open
/// nobody mounts it, and who has it mounted, in a volume group, as swap or in another VM keeps it. The claim of a disk is one on its partitions, too.
/// </summary>
internal sealed record NodeDisk(SafeFileHandle File, long Bytes) : IDisposable
{
    private const int MaxEvent = 4096;
    private const string NameKey = "DEVNAME=";

    /// <exception cref="TemplatingException">InvalidArgument: there is no such device. IllegalState: somebody has it, or it has no size.</exception>
    public static NodeDisk Open(NodeDevice device)
    {
        var path = FindPath(device);
        var file = OpenExclusive(path, device);
        try
        {
            // What the kernel calls it in /sys and what stands in /dev are two things.
            if (FileStamp.Read(file, path).BlockDevice != (device.Major, device.Minor))
            {
                throw new TemplatingException(
                    ErrorCode.InvalidArgument, $"{path} is not the block device {device.Numbers}: this node's /dev is not the kernel's own.");
            }

            var bytes = LibC.Seek(file, 0, LibC.SeekEnd);
            return bytes > 0
                ? new NodeDisk(file, bytes)
                : throw new TemplatingException(ErrorCode.IllegalState, $"The block device {device.Numbers} ({path}) is empty: there is no medium in it.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => File.Dispose();

    private static string FindPath(NodeDevice device)
    {
        var path = $"/sys/dev/block/{device.Numbers}/uevent";
        try
        {
            var name = System.Text.Encoding.UTF8.GetString(SmallFile.Read(path, MaxEvent)).Split('\n')
                .FirstOrDefault(line => line.StartsWith(NameKey, StringComparison.Ordinal));
            if (name is not null)
            {
                return "/dev/" + name[NameKey.Length..];
            }
        }
        catch (IOException e) when (e.HResult is Errno.NoEntry or Errno.NotFolder)
        {
            throw new TemplatingException(ErrorCode.InvalidArgument, $"This node has no block device {device.Numbers}.", e);
        }

        throw new TemplatingException(ErrorCode.InvalidArgument, $"The kernel does not say what the block device {device.Numbers} is called ({path}).");
    }

    private static SafeFileHandle OpenExclusive(string path, NodeDevice device)
    {
        try
        {
            return FileSystem.Open(path, (device.ReadOnly ? LibC.OpenReadOnly : LibC.OpenReadWrite) | LibC.OpenExclusive);
        }
        catch (IOException e) when (e.HResult is Errno.Busy)
        {
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"The block device {device.Numbers} ({path}) is in use: mounted, a part of another device, swap, or plugged into another VM. " +
                "It is one VM's at a time.", e);
        }
        catch (IOException e) when (e.HResult is Errno.NoEntry)
        {
            throw new TemplatingException(
                ErrorCode.HostUnusable, $"The block device {device.Numbers} is not in the daemon's /dev ({path}): it needs the node's own.", e);
        }
    }
}

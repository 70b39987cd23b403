using System.Runtime.InteropServices;
using Templating.Cli.Terminals;
using Templating.Core.Store;
using FileSystem = Templating.Core.Linux.FileSystem;

namespace Templating.Node.Commands.Doctor;

/// <summary>What the store's filesystem can do, tried with two small files that go again.</summary>
internal sealed class FileSystemCheck : IHostCheck
{
    // fallocate(2): FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE; ioctl_ficlone(2): FICLONE.
    private const int PunchHole = 0x01 | 0x02;
    private const nuint CloneFile = 0x40049409;
    private const int Size = 64 * 1024;

    public async Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken)
    {
        var stem = Path.Combine(FileSystem.NearestFolder(target.StorePath), ".doctor-" + Guid.NewGuid().ToString("N"));
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                BufferSize = 0,
            };
            await using var source = new FileStream(stem + ".a", options);
            await using var copy = new FileStream(stem + ".b", options);
            await source.WriteAsync(new byte[Size], cancellationToken);
            return
            [
                LibC.Allocate(source.SafeFileHandle, PunchHole, 0, Size) == 0
                    ? new Finding("hole punching", Verdict.Pass, "Zero pages of a template's RAM take no room on disk")
                    : new Finding(
                        "hole punching", Verdict.Warn, $"Not here ({LibC.LastError()}): templates take as much disk as their RAM",
                        "Put the store on ext4, XFS or btrfs."),
                Medium(Path.GetDirectoryName(stem)!),
                Reflink(copy.SafeFileHandle, source.SafeFileHandle),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new Finding("hole punching", Verdict.Info, $"Not tried: {e.Message}")];
        }
    }

    private static Finding Medium(string folder)
    {
        var medium = StoreMedium.Of(folder);
        return medium.IsMemory
            ? new Finding(
                "store medium", Verdict.Warn, $"{folder} is memory ({medium.FileSystem}): each template takes its whole RAM's size of it, and is gone after a reboot",
                "Put the store on a disk, or count it: templates there are taken from the node's memory budget.")
            : new Finding("store medium", Verdict.Pass, $"{medium.FileSystem}: what clones write makes no template grow");
    }

    private static Finding Reflink(SafeHandle target, SafeHandle source) =>
        LibC.Control((Microsoft.Win32.SafeHandles.SafeFileHandle)target, CloneFile, source.DangerousGetHandle()) == 0
            ? new Finding("reflink", Verdict.Pass, "Images are brought into the store without copying")
            : new Finding("reflink", Verdict.Info, "Not here: images are copied into the store (XFS and btrfs can do without)");
}

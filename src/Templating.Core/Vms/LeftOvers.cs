using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>What a dead daemon left of VMs that are not to live on. None of it keeps a daemon from serving.</summary>
internal static partial class LeftOvers
{
    /// <summary>The folders of VMs below one. What is no folder (a file, a link) is none of a VM.</summary>
    public static IReadOnlyList<VmFolder> In(string parent) =>
    [
        .. Directory.EnumerateFileSystemEntries(parent).Where(path => FileStamp.TryRead(path) is { IsFolder: true }).Select(path => new VmFolder(path)),
    ];

    /// <summary>
    /// Ends VMs, and removes those of their folders that are not <paramref name="kept"/>. Where a process cannot be ended its
    /// folder stays, for the next daemon to find it by, and its user id is nobody else's while this daemon lives.
    /// </summary>
    public static async Task EndAsync(
        IVmm vmm, VmUserPool? users, IReadOnlyList<LeftVm> left, IReadOnlyCollection<VmFolder> kept, ILogger logger, CancellationToken cancellationToken)
    {
        var lingering = await vmm.ReapAsync(left, cancellationToken);
        foreach (var vm in lingering)
        {
            _ = users?.Reserve(new VmUser(vm.Uid, users.Gid));
        }

        foreach (var folder in left.Select(l => l.Folder).Except(kept).Except(lingering.Select(l => l.Folder)))
        {
            try
            {
                FileSystem.RemoveTree(folder.Path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                FolderStays(logger, folder.Path, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Folder} of a VM that is gone cannot be removed; the next start tries again")]
    private static partial void FolderStays(ILogger logger, string folder, Exception exception);
}

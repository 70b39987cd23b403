using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Node.Options;

namespace Templating.Node.Hosting;

/// <summary>
/// The right to a stretch of user ids, on the whole host: under one id, a guest that breaks out of one daemon's QEMU could look
/// into another daemon's. Before any VM is started or taken over.
/// </summary>
internal sealed class VmUserLease(VmUserRange range, string folder = VmUserLease.Folder) : IHostedService, IDisposable
{
    /// <summary>Of root alone, and not of one daemon: what its run folder is called does not matter.</summary>
    public const string Folder = "/run/templating-users";

    private RangeLock? _lock;

    /// <exception cref="TemplatingException">IllegalState: another daemon has some of them.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            FileSystem.MakeFolder(folder, FileSystem.OwnerOnlyFolder);
            _lock = RangeLock.TryTake(Path.Combine(folder, "lock"), range.FirstUid, range.Count, out var other) ?? throw new TemplatingException(
                ErrorCode.IllegalState,
                $"VMs are to run as the users {Text(range.FirstUid, range.Count)}, and another daemon of this host has {Text(other.First, other.Count)}. "
                + "VMs of two daemons must not share a user: choose others (--vm-users-first-uid, --vm-users-count), or stop that daemon.");
            return Task.CompletedTask;
        }
        catch (IOException e)
        {
            throw new TemplatingException(
                ErrorCode.IllegalState,
                $"The daemon cannot make sure that no other daemon of this host has its VMs' users: {e.Message} Let it write to {folder} "
                + "(RuntimeDirectory= or ReadWritePaths= of its unit, a hostPath volume of its pod).", e);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();

    private static string Text(long first, long count) => $"{first} to {first + count - 1}";
}

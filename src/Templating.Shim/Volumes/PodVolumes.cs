using Microsoft.Extensions.Logging;
using Templating.Core.Linux;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.Shim.Volumes;

/// <summary>
/// What a pod's containers find mounted: copies of the host's files, which follow theirs, and folders of the guest's memory. Containers of
/// one pod share what has the same name.
/// </summary>
/// <param name="guest">Where they are.</param>
/// <param name="emptyDirectoryBytes">The most of the guest's memory that one emptyDir may take where the host's has no size of its own.</param>
/// <param name="log">Of what goes wrong without a caller.</param>
/// <param name="clock">For waiting.</param>
internal sealed class PodVolumes(OwnerPortConnection guest, long emptyDirectoryBytes, ILogger log, TimeProvider clock) : IAsyncDisposable
{
    private const int Tries = 5;
    private const long CopiesBytes = 64L << 20;
    /// <summary>What kubelet reads of it: the last 4 KiB.</summary>
    private const int TerminationBytes = 4096;

    private const ushort Permissions = 0xFFF;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _one = new(1);
    private readonly HashSet<string> _roots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CopiedVolume> _copies = new(StringComparer.Ordinal);
    private readonly Lock _followLock = new();
    private Following? _following;
    private bool _failing;

    /// <summary>Has in the guest all that the container mounts; before it is run, and beside the mounting of its root.</summary>
    /// <param name="container">Of the pod.</param>
    /// <param name="root">When its root is mounted: folders in it wait for that. Whether it comes to that is the caller's to see.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShimException">Naming what cannot be had.</exception>
    public async Task PrepareAsync(GuestContainer container, Task root, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await MountCopiesAsync(container, cancellationToken);
            var copying = container.Copies.Select(copy => CopyAsync(copy, cancellationToken)).ToList();
            Task copied = Task.WhenAll(copying);
            try
            {
                foreach (var folder in container.Folders.OrderByDescending(folder => folder.OwnRoot))
                {
                    await (folder.OwnRoot ? Task.CompletedTask : root);
                    await MakeAsync(folder, cancellationToken);
                }
            }
            finally
            {
                await copied.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                foreach (var copy in copying.Where(task => task.IsCompletedSuccessfully))
                {
                    _copies[(await copy).What.Key] = await copy;
                }
            }

            await copied;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// When a container has ended, and before that is told: what it wrote for kubelet is brought back, and what was its alone goes.
    /// It does not fail but for its token: a status without a message is better than none.
    /// </summary>
    public async Task EndAsync(GuestContainer container, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (container.TerminationLog is { } written && _copies.ContainsKey(written.Key))
            {
                await BringBackAsync(written, cancellationToken);
            }

            foreach (var copy in container.Copies.Where(copy => copy.OfContainer))
            {
                if (_copies.Remove(copy.Key, out var there))
                {
                    await there.RemoveAsync(cancellationToken);
                }
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            Log.NotEnded(log, e.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Nothing follows any more. What is in the guest goes with it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_following is not null)
        {
            await _following.DisposeAsync();
        }

        _one.Dispose();
    }

    private static bool IsExpected(Exception e) =>
        e is OwnerPortException or GuestRefusedException or TimeoutException or IOException or UnauthorizedAccessException or ArgumentException;

    private async Task BringBackAsync(TerminationLog written, CancellationToken cancellationToken)
    {
        try
        {
            var said = await guest.ReadFileEndAsync(new PlacedPath(GuestRoots.Volumes, written.Key), TerminationBytes, cancellationToken);
            using var file = FileSystem.OpenRegular(written.HostPath, LibC.OpenReadWrite, out _);
            RandomAccess.SetLength(file, 0);
            FileSystem.Write(file, said, 0, written.HostPath);
        }
        catch (Exception e) when (IsExpected(e))
        {
            Log.NotBroughtBack(log, written.HostPath, e.Message);
        }
    }

    /// <summary>False where something is to be tried again.</summary>
    private async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var failures = new List<string>();
            foreach (var copy in _copies.Values.Where(copy => copy.What.Follow))
            {
                try
                {
                    _following!.Add(copy.What.Source);
                    await copy.CopyAsync(cancellationToken);
                }
                catch (Exception e) when (IsExpected(e))
                {
                    failures.Add(e.Message);
                }
            }

            if (failures.Count > 0 && !_failing)
            {
                Log.NotFollowed(log, string.Join("; ", failures));
            }

            _failing = failures.Count > 0;
            return !_failing;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task MakeAsync(GuestFolder folder, CancellationToken cancellationToken)
    {
        if (folder.OwnRoot && _roots.Contains(folder.Root))
        {
            return;
        }

        try
        {
            var stamp = FileStamp.TryRead(folder.Source) ?? throw new IOException($"{folder.Source} is not there.");
            if (folder.OwnRoot)
            {
                await MountAsync(folder.Root, SizeOf(folder.Source), cancellationToken);
            }

            var at = new PlacedPath(folder.Root, folder.Path) { Mode = (uint)(stamp.Mode & Permissions), User = stamp.Uid, Group = stamp.Gid };
            await guest.PlaceFolderAsync(at, cancellationToken);
        }
        catch (Exception e) when (e is GuestRefusedException or IOException or ArgumentException)
        {
            throw ShimException.NotNow($"The folder for {folder.Source} cannot be made in the VM: {e.Message}");
        }
    }

    private async Task MountCopiesAsync(GuestContainer container, CancellationToken cancellationToken)
    {
        try
        {
            if (container.Copies.Count > 0)
            {
                await MountAsync(GuestRoots.Volumes, CopiesBytes, cancellationToken);
            }
        }
        catch (GuestRefusedException e)
        {
            throw ShimException.NotNow($"There is no room for the pod's files in the VM: {e.Message}");
        }
    }

    private async Task MountAsync(string root, long bytes, CancellationToken cancellationToken)
    {
        if (_roots.Contains(root))
        {
            return;
        }

        await guest.MountAsync(new RootMount { Name = root, UpperMemoryBytes = (ulong)bytes }, cancellationToken);
        _roots.Add(root);
    }

    private async Task<CopiedVolume> CopyAsync(VolumeCopy copy, CancellationToken cancellationToken)
    {
        var there = _copies.GetValueOrDefault(copy.Key) ?? new CopiedVolume(guest, copy);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (copy.Follow)
                {
                    // Before it is read: no change is missed.
                    Follow(copy.Source);
                }

                await there.CopyAsync(cancellationToken);
                return there;
            }
            catch (IOException) when (attempt < Tries)
            {
                // kubelet is writing it.
                await Task.Delay(BetweenTries, clock, cancellationToken);
            }
            catch (Exception e) when (e is GuestRefusedException or IOException or ArgumentException)
            {
                throw ShimException.NotNow($"{copy.Source} cannot be copied into the VM: {e.Message}");
            }
        }
    }

    private void Follow(string source)
    {
        lock (_followLock)
        {
            _following ??= new Following(FollowAsync, clock);
            _following.Add(source);
        }
    }

    /// <summary>The host's own limit, where it has its memory, too.</summary>
    private long SizeOf(string source)
    {
        var drive = new DriveInfo(source);
        return drive.DriveFormat == "tmpfs" && drive.TotalSize > 0 ? Math.Min(drive.TotalSize, emptyDirectoryBytes) : emptyDirectoryBytes;
    }
}

using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;
using Templating.Shim.Stdio;

namespace Templating.Shim.Daemon;

/// <summary>
/// The end of a VM's process, which is seen without the daemon, also while it restarts. Why it ended is what the daemon says
/// (<see cref="PodVmClient.TellEndAsync"/>).
/// </summary>
internal sealed class VmEnd : IDisposable
{
    private readonly CancellationTokenSource _disposed = new();

    private VmEnd(SafeFileHandle? process) => Ended = process is null ? Task.CompletedTask : WaitAsync(process, _disposed.Token);

    /// <summary>Completes when the process has ended; cancelled when nobody is interested any more.</summary>
    public Task Ended { get; }

    /// <param name="pid">
    /// Of the VM's QEMU, as the daemon says it. <see cref="HeldVm.DetachAsync"/> comes after it: the daemon detaches none that has ended, so that no
    /// later process of that number is watched.
    /// </param>
    /// <exception cref="IOException">No descriptor is to be had.</exception>
    public static VmEnd Watch(int pid) => new(ProcessFile.Open(pid));

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
    }

    private static async Task WaitAsync(SafeFileHandle process, CancellationToken cancellationToken)
    {
        using (process)
        {
            await Readiness.Shared.WaitAsync(process, toWrite: false, cancellationToken);
        }
    }
}

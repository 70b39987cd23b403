using System.ComponentModel;
using System.Runtime.InteropServices;
using Templating.Core.Linux;

namespace Templating.Shim.Daemon;

/// <summary>The end of a VM's process, which is seen without the daemon, also while it restarts.</summary>
internal sealed unsafe class VmEnd : IDisposable
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _wake = -1;

    private VmEnd()
    {
    }

    /// <summary>Completes when the process has ended.</summary>
    public Task Ended => _ended.Task;

    /// <param name="pid">
    /// Of the VM's QEMU, as the daemon says it. Who watches asks the daemon once more afterwards: where it still says the same process, no later
    /// one of that number is watched.
    /// </param>
    public static VmEnd Watch(int pid)
    {
        var watch = new VmEnd();
        var process = ProcessCalls.PidFdOpen(pid);
        if (process < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.NoProcess)
            {
                throw new Win32Exception(error, $"Cannot watch the VM's process {pid}: {Marshal.GetPInvokeErrorMessage(error)}.");
            }

            watch._ended.SetResult();
            return watch;
        }

        watch._wake = DescriptorCalls.EventFd(0, DescriptorCalls.EventCloseOnExec | DescriptorCalls.EventNonBlocking);
        if (watch._wake < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = DescriptorCalls.Close(process);
            throw new Win32Exception(error);
        }

        _ = WorkThread.RunAsync("vm-end", () => watch.Wait(process));
        return watch;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_wake >= 0)
            {
                var one = 1UL;
                _ = DescriptorCalls.Write(_wake, &one, sizeof(ulong));
            }
        }
    }

    private bool Wait(int process)
    {
        var both = stackalloc DescriptorCalls.PollDescriptor[2];
        both[0] = new DescriptorCalls.PollDescriptor { Fd = process, Events = DescriptorCalls.PollIn };
        both[1] = new DescriptorCalls.PollDescriptor { Fd = _wake, Events = DescriptorCalls.PollIn };
        while (DescriptorCalls.Poll(both, 2, -1) < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted)
        {
            // A signal for the process woke this thread.
        }

        lock (_lock)
        {
            _ = DescriptorCalls.Close(_wake);
            _wake = -1;
        }

        _ = DescriptorCalls.Close(process);
        if ((both[0].Returned & DescriptorCalls.PollIn) != 0)
        {
            _ended.SetResult();
        }

        return true;
    }
}

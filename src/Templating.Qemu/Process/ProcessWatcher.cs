using System.Runtime.InteropServices;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>How a process ended; both null where the kernel tells only its parent.</summary>
internal readonly record struct ProcessExit(int? ExitCode, int? Signal);

/// <summary>
/// One thread that polls a pidfd for every process watched, so that an exit is known at once and without a timer.
/// A pidfd names one process for ever: no confusion with a later one of the same number.
/// </summary>
internal sealed unsafe class ProcessWatcher : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<WatchedProcess> _watched = [];
    private readonly int _wake;
    private Thread? _thread;
    private bool _disposed;

    public ProcessWatcher()
    {
        _wake = DescriptorCalls.EventFd(0, DescriptorCalls.EventCloseOnExec | DescriptorCalls.EventNonBlocking);
        if (_wake < 0)
        {
            throw NativeError.Last("Cannot make an eventfd");
        }
    }

    /// <summary>Watches a process; null when there is none of that number.</summary>
    /// <param name="isChild">Whether to reap it and read its exit code.</param>
    public WatchedProcess? Watch(int pid, bool isChild)
    {
        var fd = ProcessCalls.PidFdOpen(pid);
        if (fd < 0)
        {
            // Invalid: the number is a thread's that is no process.
            return Marshal.GetLastPInvokeError() is Errno.NoProcess or Errno.Invalid
                ? null
                : throw NativeError.Last($"Cannot open a descriptor of process {pid}");
        }

        var process = new WatchedProcess(pid, fd, isChild);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _watched.Add(process);
            if (_thread is null)
            {
                _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "process-watcher" };
                _thread.Start();
            }
        }

        Wake();
        return process;
    }

    /// <summary>Stops watching one; its <see cref="WatchedProcess.Exited"/> never completes.</summary>
    public void Forget(WatchedProcess process)
    {
        lock (_lock)
        {
            _watched.Remove(process);
            if (!_disposed)
            {
                Wake();
            }
        }

        process.Close();
    }

    /// <summary>Stops watching; the processes live on, their <see cref="WatchedProcess.Exited"/> never completes.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        Wake();
        _thread?.Join();
        foreach (var process in _watched)
        {
            process.Close();
        }

        _ = DescriptorCalls.Close(_wake);
    }

    private void Wake()
    {
        ulong one = 1;
        _ = DescriptorCalls.Write(_wake, &one, sizeof(ulong));
    }

    private void Run()
    {
        while (true)
        {
            WatchedProcess[] watched;
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                watched = [.. _watched];
            }

            var descriptors = new DescriptorCalls.PollDescriptor[watched.Length + 1];
            descriptors[^1] = new DescriptorCalls.PollDescriptor { Fd = _wake, Events = DescriptorCalls.PollIn };
            for (var i = 0; i < watched.Length; i++)
            {
                descriptors[i] = new DescriptorCalls.PollDescriptor { Fd = watched[i].PidFd, Events = DescriptorCalls.PollIn };
            }

            fixed (DescriptorCalls.PollDescriptor* pointer = descriptors)
            {
                // Fails only by EINTR or for lack of memory; then nothing is marked and the loop asks again.
                if (DescriptorCalls.Poll(pointer, (nuint)descriptors.Length, -1) < 0)
                {
                    continue;
                }
            }

            if (descriptors[^1].Returned != 0)
            {
                ulong count;
                _ = DescriptorCalls.Read(_wake, &count, sizeof(ulong));
            }

            for (var i = 0; i < watched.Length; i++)
            {
                if (descriptors[i].Returned != 0)
                {
                    lock (_lock)
                    {
                        _watched.Remove(watched[i]);
                    }

                    watched[i].Reap();
                }
            }
        }
    }
}

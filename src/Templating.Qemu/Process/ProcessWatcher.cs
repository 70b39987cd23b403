using System.Runtime.InteropServices;
using Templating.Qemu.Native;

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
        _wake = Libc.EventFd(0, Libc.EventCloseOnExec | Libc.EventNonBlocking);
        if (_wake < 0)
        {
            throw NativeError.Last("Cannot make an eventfd");
        }
    }

    /// <summary>Watches a process; null when there is none of that number.</summary>
    /// <param name="isChild">Whether to reap it and read its exit code.</param>
    public WatchedProcess? Watch(int pid, bool isChild)
    {
        var fd = Libc.PidFdOpen(pid);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() == Libc.ErrorNoProcess
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
        }

        process.Close();
        Wake();
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

        _ = Libc.Close(_wake);
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(_wake, &one, sizeof(ulong));
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

            var descriptors = new Libc.PollDescriptor[watched.Length + 1];
            descriptors[^1] = new Libc.PollDescriptor { Fd = _wake, Events = Libc.PollIn };
            for (var i = 0; i < watched.Length; i++)
            {
                descriptors[i] = new Libc.PollDescriptor { Fd = watched[i].PidFd, Events = Libc.PollIn };
            }

            fixed (Libc.PollDescriptor* pointer = descriptors)
            {
                // Fails only by EINTR or for lack of memory; then nothing is marked and the loop asks again.
                if (Libc.Poll(pointer, (nuint)descriptors.Length, -1) < 0)
                {
                    continue;
                }
            }

            if (descriptors[^1].Returned != 0)
            {
                ulong count;
                _ = Libc.Read(_wake, &count, sizeof(ulong));
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

using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>Any process of the host, seen through its pidfd.</summary>
public sealed class HostProcesses : IProcesses, IDisposable
{
    private readonly ProcessWatcher _watcher = new();

    public IProcess? Watch(int pid)
    {
        if (_watcher.Watch(pid, isChild: false) is not { } watched)
        {
            return null;
        }

        // Read once it is held: where the number went to another process between the two, what is held has ended.
        if (ProcessIds.Read(pid) is { } id)
        {
            return new HostProcess(_watcher, watched, id, ProcessIds.ReadUser(pid));
        }

        _watcher.Forget(watched);
        return null;
    }

    public void Dispose() => _watcher.Dispose();

    private sealed class HostProcess(ProcessWatcher watcher, WatchedProcess watched, VmProcessId id, uint? user) : IProcess
    {
        public VmProcessId Id => id;

        public uint? User => user;

        public Task Ended => watched.Exited;

        public void Dispose() => watcher.Forget(watched);
    }
}

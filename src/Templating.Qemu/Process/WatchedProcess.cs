using System.Runtime.InteropServices;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>A process seen through its pidfd.</summary>
internal sealed unsafe class WatchedProcess
{
    private readonly Lock _lock = new();
    private readonly bool _isChild;
    private readonly TaskCompletionSource<ProcessExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    public WatchedProcess(int pid, int pidFd, bool isChild) => (Pid, PidFd, _isChild) = (pid, pidFd, isChild);

    public int Pid { get; }

    public int PidFd { get; }

    public Task<ProcessExit> Exited => _exited.Task;

    /// <summary>Sends SIGKILL; does nothing when the process is gone.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            if (ProcessCalls.PidFdSendSignal(PidFd, ProcessCalls.SignalKill) != 0
                && Marshal.GetLastPInvokeError() is var error && error != Errno.NoProcess)
            {
                throw error == Errno.NotPermitted
                    ? new TemplatingException(ErrorCode.Internal, $"The daemon may not kill process {Pid}: it lacks CAP_KILL.")
                    : NativeError.From($"Cannot kill process {Pid}", error);
            }
        }
    }

    public void Reap()
    {
        var exit = default(ProcessExit);
        if (_isChild)
        {
            ProcessCalls.SignalInfo info;
            if (ProcessCalls.WaitId(ProcessCalls.ProcessByPidFd, PidFd, &info, ProcessCalls.WaitExited) == 0)
            {
                exit = info.Code == ProcessCalls.CodeExited ? new(info.Status, null) : new(null, info.Status);
            }
        }

        Close();
        _exited.TrySetResult(exit);
    }

    public void Close()
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _closed = true;
                _ = DescriptorCalls.Close(PidFd);
            }
        }
    }
}

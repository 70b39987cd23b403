using System.Runtime.InteropServices;
using Templating.Core.Errors;
using Templating.Qemu.Native;

namespace Templating.Qemu.Process;

/// <summary>A process seen through its pidfd.</summary>
internal sealed unsafe class WatchedProcess
{
    private const int CodeExited = 1;   // CLD_EXITED

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

            if (Libc.PidFdSendSignal(PidFd, Libc.SignalKill) != 0
                && Marshal.GetLastPInvokeError() is var error && error != Libc.ErrorNoProcess)
            {
                throw error == Libc.ErrorPermission
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
            Libc.SignalInfo info;
            if (Libc.WaitId(Libc.ProcessByPidFd, PidFd, &info, Libc.WaitExited) == 0)
            {
                exit = info.Code == CodeExited ? new(info.Status, null) : new(null, info.Status);
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
                _ = Libc.Close(PidFd);
            }
        }
    }
}

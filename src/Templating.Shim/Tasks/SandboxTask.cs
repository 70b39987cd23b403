using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;

namespace Templating.Shim.Tasks;

/// <summary>
/// The pod's sandbox: where runc has a process that pauses, there is the VM. Nothing runs in the guest for it; it ends when it is killed or
/// its VM ends.
/// </summary>
/// <param name="name">The pod's.</param>
/// <param name="io">containerd gives it pipes, which nothing is written to.</param>
/// <param name="release">Ends the VM: before its end is told, for the pod's network namespace goes after that.</param>
/// <param name="clock">The host's.</param>
internal sealed class SandboxTask(ProcessName name, ProcessIo io, Func<Task> release, TimeProvider clock) : TaskProcess(name, io, clock)
{
    /// <summary>The signal that the VM was ended for; 0 while nobody has asked.</summary>
    private int _asked;

    public override Task ResizeAsync(WindowSize size, CancellationToken cancellationToken) =>
        throw ShimException.NotNow("A pod's sandbox has no terminal.");

    public override Task CloseInputAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Its VM is gone: by the signal that was asked for first, though its end may be seen before that request is answered, or by itself.</summary>
    public void EndWithVm() => End(new ProcessEnd(Volatile.Read(ref _asked) is > 0 and var signal ? ProcessEnd.StatusOf(signal) : ProcessEnd.Killed, Now));

    protected override Task LaunchAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task SignalAsync(int signal, bool everyone, CancellationToken cancellationToken)
    {
        // As a process that has no handler but for these.
        if (signal is Signals.Terminate or Signals.Interrupt or Signals.Kill)
        {
            _ = Interlocked.CompareExchange(ref _asked, signal, 0);
            await release();
            EndWithVm();
        }
    }
}

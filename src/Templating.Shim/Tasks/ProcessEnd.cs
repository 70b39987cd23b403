using Templating.OwnerPort.Processes;

namespace Templating.Shim.Tasks;

/// <param name="Status">As a shell has it: its code, or 128 and the signal that ended it.</param>
/// <param name="At">When its end was known, with all of its output.</param>
/// <param name="OutOfMemory">The guest's kernel killed it for want of memory.</param>
internal sealed record ProcessEnd(uint Status, DateTimeOffset At, bool OutOfMemory = false)
{
    /// <summary>What a signal is added to, as shells do.</summary>
    private const uint SignalBase = 128;

    /// <summary>Of what was killed with its VM, or before it ran.</summary>
    public const uint Killed = SignalBase + Signals.Kill;

    public static ProcessEnd Of(ProcessExit exit, DateTimeOffset at) =>
        new(exit.Signal > 0 ? StatusOf(exit.Signal) : (uint)exit.Code, at, exit.OutOfMemory);

    /// <summary>Of what a signal has ended.</summary>
    public static uint StatusOf(int signal) => SignalBase + (uint)signal;
}

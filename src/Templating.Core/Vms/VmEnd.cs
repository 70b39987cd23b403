using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>How a VM ended: the one judgement of it.</summary>
/// <param name="State">Stopped or Failed.</param>
/// <param name="InOrder">Whether its guest powered off, or it was stopped before there was anything in it to be lost.</param>
/// <param name="Reason">One line for people.</param>
public sealed record VmEnd(VmState State, bool InOrder, string Reason)
{
    private const string Told = "told to stop";

    /// <summary>Whether somebody asked for it: its owner or its guest.</summary>
    public bool Expected { get; init; } = InOrder;

    /// <summary>As what it is counted; null where it was expected.</summary>
    public ErrorCode? Failure { get; init; }

    /// <summary>A step that failed knows best what it was.</summary>
    internal VmEnd Counted(VmExit? exit, Exception? failure) => Expected ? this : this with
    {
        Failure = failure is TemplatingException known ? known.Code
            : failure is not null ? ErrorCode.Internal
            : exit is { Panicked: true } ? ErrorCode.GuestStopped
            : ErrorCode.QemuExited,
    };

    /// <param name="exit">Of its process; null where it had none.</param>
    /// <param name="failure">Of the step that made an end to it; null where none did.</param>
    /// <param name="request">Null where its owner did not ask for it.</param>
    internal static VmEnd Of(VmExit? exit, Exception? failure, EndRequest? request) => (exit, failure, request) switch
    {
        ({ Panicked: true } it, null, _) => new(VmState.Failed, InOrder: false, it.Reason),
        ({ GuestRequested: true } it, null, { Why: { } why }) => new(VmState.Stopped, InOrder: true, $"{why}; {it.Reason}"),
        ({ GuestRequested: true } it, null, _) => new(VmState.Stopped, InOrder: true, it.Reason),
        (_, not null, { } asked) => Untouched(asked),
        (null, _, { } asked) => Untouched(asked),
        (_, _, { Untouched: true } asked) => Untouched(asked),
        ({ } it, _, { Grace.Ticks: 0 }) => new(VmState.Stopped, InOrder: false, it.Reason) { Expected = true },
        (_, _, { } asked) => new(VmState.Stopped, InOrder: false, $"{asked.Why ?? Told}; the guest did not power off in time and was killed") { Expected = true },
        (_, { } why, null) => new(VmState.Failed, InOrder: false, why.Message),
        ({ StandardError.Length: > 0 } it, _, null) => new(VmState.Failed, InOrder: false, $"{it.Reason} (QEMU said: {it.StandardError})"),
        _ => new(VmState.Failed, InOrder: false, exit?.Reason ?? "it was never started"),
    };

    private static VmEnd Untouched(EndRequest asked) => new(VmState.Stopped, InOrder: true, asked.Why ?? Told);
}

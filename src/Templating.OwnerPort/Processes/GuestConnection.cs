using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Processes;

/// <summary>A connection to a program that listens on the loopback of the guest's pod. It has a process' stream: its input is what is sent there.</summary>
public sealed class GuestConnection : IFrameTarget
{
    private const int Kill = 9;

    internal GuestConnection(GuestProcess process)
    {
        Process = process;
        process.Error.Discard();
    }

    /// <summary>What the program sends; all of it is to be read, or discarded.</summary>
    public GuestOutput Output => Process.Output;

    /// <summary>
    /// When the program has ended what it sends, and all of it has come: code 0, or the errno that broke it. Fails by
    /// <see cref="OwnerPortException"/> when the conversation ends before.
    /// </summary>
    public Task<ProcessExit> Ended => Process.Exited;

    internal GuestProcess Process { get; }

    /// <summary>As <see cref="GuestProcess.WriteInputAsync"/>.</summary>
    public Task<bool> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => Process.WriteInputAsync(data, cancellationToken);

    /// <summary>Nothing more is sent there; what comes from there goes on.</summary>
    public Task EndWritingAsync(CancellationToken cancellationToken) => Process.EndInputAsync(cancellationToken);

    /// <summary>The program sees it reset.</summary>
    /// <exception cref="GuestRefusedException">Errno 3: it has ended.</exception>
    public Task ResetAsync(CancellationToken cancellationToken) => Process.SignalAsync(Kill, everyone: false, cancellationToken);

    Action? IFrameTarget.Take(Frame frame) => ((IFrameTarget)Process).Take(frame);

    void IFrameTarget.Fail(OwnerPortException fault) => ((IFrameTarget)Process).Fail(fault);
}

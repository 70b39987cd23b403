using System.Threading.Channels;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>A command that runs in the guest, seen from the host.</summary>
internal sealed class GuestExec(uint number)
{
    /// <summary>What a guest may send before the host has acknowledged any of it.</summary>
    public const int Window = 262_144;

    private readonly Channel<ExecOutput> _output =
        Channel.CreateUnbounded<ExecOutput>(new UnboundedChannelOptions { SingleReader = true });

    private int _unacknowledged;

    public uint Number => number;

    public InputWindow Input { get; } = new();

    public ChannelReader<ExecOutput> Output => _output.Reader;

    /// <summary>Set when nobody reads it any more: its output is dropped and acknowledged until it ends.</summary>
    public bool Abandoned { get; set; }

    /// <summary>Bounded by the window, which is enforced here and not left to the guest.</summary>
    public void Receive(ExecOutput output, int bytes)
    {
        if (Interlocked.Add(ref _unacknowledged, bytes) > Window)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed,
                $"The guest's agent sent more than the {Window} bytes of output that it may without an acknowledgement.");
        }

        _output.Writer.TryWrite(output);
    }

    public void Acknowledge(int bytes) => Interlocked.Add(ref _unacknowledged, -bytes);

    public void Complete(ExecExited exited)
    {
        _output.Writer.TryWrite(exited);
        _output.Writer.TryComplete();
    }

    public void Fail(TemplatingException fault)
    {
        Input.Fail(fault);
        _output.Writer.TryComplete(fault);
    }
}

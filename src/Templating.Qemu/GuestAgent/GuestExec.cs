using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.GuestAgent;

/// <summary>A command that runs in the guest, seen from the host.</summary>
internal sealed class GuestExec(uint number)
{
    /// <summary>What a guest may send before the host has acknowledged any of it.</summary>
    public const int Window = 262_144;

    /// <summary>What a command whose reader has gone may still say: it was killed, and this is far more than is on the way then.</summary>
    public const int MaxAfterwards = 16 * Window;

    private int _unacknowledged;
    private int _afterwards;

    public uint Number => number;

    public InputWindow Input { get; } = new();

    public OutputBuffer Output { get; } = new();

    /// <summary>Set when nobody reads it any more: its output is dropped and acknowledged until it ends.</summary>
    public bool Abandoned { get; set; }

    /// <summary>Bounded by the window, which is enforced here and not left to the guest.</summary>
    public void Receive(bool standardError, ReadOnlySpan<byte> bytes)
    {
        if (Interlocked.Add(ref _unacknowledged, bytes.Length) > Window)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed,
                $"The guest's agent sent more than the {Window} bytes of output that it may without an acknowledgement.");
        }

        if (Abandoned && (_afterwards += bytes.Length) > MaxAfterwards)
        {
            throw new TemplatingException(ErrorCode.GuestAgentFailed,
                $"The guest's agent sent more than {MaxAfterwards} bytes of output of a command that it was told to kill.");
        }

        Output.Add(standardError, bytes);
    }

    public void Acknowledge(int bytes) => Interlocked.Add(ref _unacknowledged, -bytes);

    public void Complete(ExecExited exited) => Output.Complete(exited);

    /// <summary>It could not be started: told as a shell in the guest would.</summary>
    public void Refuse(string reason, int code)
    {
        Output.Add(standardError: true, Encoding.UTF8.GetBytes($"templating-guest: {reason}\n"));
        Complete(new ExecExited(code, null));
    }

    public void Fail(TemplatingException fault)
    {
        Input.Fail(fault);
        Output.Fail(fault);
    }
}

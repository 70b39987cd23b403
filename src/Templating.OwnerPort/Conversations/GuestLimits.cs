using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Conversations;

/// <summary>What the guest said in its WELCOME. Smaller limits than the protocol's are kept, larger ones are no guest's.</summary>
/// <param name="Payload">Bytes of the largest frame that it takes, without its header.</param>
/// <param name="Processes">At once, and each deletion of a container counts as one.</param>
/// <param name="OutputWindow">Bytes that a process may have on the way without credit.</param>
/// <param name="InputWindow">Bytes that a process may have before it that it has not taken.</param>
public sealed record GuestLimits(int Payload, int Processes, int OutputWindow, int InputWindow)
{
    /// <summary>The nonce was looked at already.</summary>
    internal static GuestLimits Read(ReadOnlySpan<byte> afterNonce)
    {
        var fields = new FieldReader(FrameType.Welcome, afterNonce);
        var version = fields.U16();
        if (version != PortLimits.Version)
        {
            throw new OwnerPortException($"The guest speaks version {version} of the owner's port; expected {PortLimits.Version}.");
        }

        return new GuestLimits(
            Number(fields.U32(), PortLimits.LeastWindow, PortLimits.PayloadToGuest, "largest payload"), Number(fields.U32(), 1, PortLimits.Processes, "number of processes"),
            Number(fields.U32(), PortLimits.LeastWindow, PortLimits.OutputWindow, "window of output"),
            Number(fields.U32(), PortLimits.LeastWindow, PortLimits.InputWindow, "window of input"));
    }

    private static int Number(uint said, int least, int most, string what) => said >= least && said <= most
        ? (int)said
        : throw new OwnerPortException($"The guest's WELCOME has {said} for its {what}; expected {least} to {most}.");
}

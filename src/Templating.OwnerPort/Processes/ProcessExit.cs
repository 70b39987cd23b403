using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Processes;

/// <param name="Code">0 to 255; 0 where a signal ended it.</param>
/// <param name="Signal">0 where none did.</param>
/// <param name="OutOfMemory">Killed by the guest's kernel for want of memory.</param>
/// <param name="Unknown">How it ended is not known; the code is 255.</param>
public sealed record ProcessExit(int Code, int Signal, bool OutOfMemory, bool Unknown)
{
    private const int HighestCode = 255;
    private const byte ForMemory = 1;
    private const byte NotKnown = 2;

    internal static ProcessExit Read(Frame frame)
    {
        var fields = new FieldReader(frame.Type, frame.Payload.Span);
        var (code, signal, flags) = (fields.U32(), fields.U32(), fields.U8());
        fields.End();
        return code <= HighestCode && signal <= PortLimits.HighestSignal && (code == 0 || signal == 0) && flags <= (ForMemory | NotKnown)
            ? new ProcessExit((int)code, (int)signal, (flags & ForMemory) != 0, (flags & NotKnown) != 0)
            : throw new OwnerPortException($"The guest says that a process ended with code {code}, signal {signal} and flags {flags}.");
    }
}

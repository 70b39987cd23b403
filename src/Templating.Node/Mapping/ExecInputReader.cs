using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Node.Mapping;

/// <summary>What follows the start of a program, a message each.</summary>
internal sealed class ExecInputReader(V1.ExecStart start)
{
    private const int MaxInput = 64 << 10;
    private const int MaxSignal = 64;

    private bool _open = start.WithInput;

    /// <returns>Null where there are faults.</returns>
    public ExecInput? Read(V1.ExecCloneRequest request, Faults faults)
    {
        switch (request.RequestCase)
        {
            case V1.ExecCloneRequest.RequestOneofCase.StandardInput:
                faults.Require(request.StandardInput.Length <= MaxInput, "standard_input",
                    $"It has {request.StandardInput.Length} bytes; at most {MaxInput} are allowed in one message.");
                faults.Require(_open, "standard_input", "None may come: the start must say with_input, and close_input must come after all of it.");
                return Sound(faults, new ExecInputBytes(request.StandardInput.Memory));
            case V1.ExecCloneRequest.RequestOneofCase.CloseInput:
                _open = false;
                return new ExecInputEnd();
            case V1.ExecCloneRequest.RequestOneofCase.Resize:
                faults.Require(start.Terminal is not null, "resize", "The program was not started at a terminal; say terminal in the start.");
                return Size("resize", request.Resize, faults) is { } size ? Sound(faults, new ExecResize(size)) : null;
            case V1.ExecCloneRequest.RequestOneofCase.Signal:
                faults.Require(request.Signal is >= 1 and <= MaxSignal, "signal", $"{request.Signal} is no signal; 1 to {MaxSignal} are.");
                return Sound(faults, new ExecSignal(request.Signal));
            case V1.ExecCloneRequest.RequestOneofCase.Start:
                faults.Add("start", "Only the first message may start a program.");
                return null;
            default:
                faults.Add("request", "It is empty; send standard_input, close_input, resize or signal.");
                return null;
        }
    }

    /// <returns>Null where there are faults, or it is null.</returns>
    public static TerminalSize? Size(string field, V1.TerminalSize? size, Faults faults)
    {
        if (size is null)
        {
            return null;
        }

        faults.Require(size.Rows is >= 1 and <= ushort.MaxValue, field + ".rows", $"{size.Rows} is not 1 to {ushort.MaxValue}.");
        faults.Require(size.Columns is >= 1 and <= ushort.MaxValue, field + ".columns", $"{size.Columns} is not 1 to {ushort.MaxValue}.");
        return faults.All.Count == 0 ? new TerminalSize((int)size.Rows, (int)size.Columns) : null;
    }

    private static ExecInput? Sound(Faults faults, ExecInput item) => faults.All.Count == 0 ? item : null;
}

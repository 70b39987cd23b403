using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Requests;

namespace Templating.OwnerPort.Processes;

/// <summary>A process to be started, and what it has of this side.</summary>
/// <param name="Container">1 to 128 of <c>A-Z a-z 0-9 _ . -</c>, with neither <c>.</c> nor <c>-</c> first.</param>
/// <param name="Specification">The bytes of a <c>config.json</c> (run) or <c>process.json</c> (exec), 1 byte to 1 MiB. crun takes it as it is.</param>
public sealed record ProcessStart(string Container, ReadOnlyMemory<byte> Specification)
{
    private const byte WithInput = 1;
    private const byte WithTerminal = 2;

    /// <summary>Whether standard input follows; else it has none.</summary>
    public bool Input { get; init; }

    /// <summary>Of its terminal, which the specification asks for, too; null for pipes.</summary>
    public WindowSize? Terminal { get; init; }

    internal FrameBuilder Build(FrameType type)
    {
        Checks.Name(Container, nameof(Container));
        if (Specification.Length is 0 or > PortLimits.Specification)
        {
            throw Checks.Wrong($"Found {Specification.Length} bytes, expected 1 to {PortLimits.Specification}.", nameof(Specification));
        }

        return new FrameBuilder(type, PortLimits.Name + sizeof(ulong) + Specification.Length).Text(Container)
            .U8((byte)((Input ? WithInput : 0) | (Terminal is null ? 0 : WithTerminal)))
            .U16(Terminal?.Rows ?? 0).U16(Terminal?.Columns ?? 0).Raw(Specification.Span);
    }
}

using Templating.Contract;

namespace Templating.Cli.Exits;

/// <summary>A failure of the command line's own making, told as it is and without a stack trace.</summary>
internal sealed class CliException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public IReadOnlyList<FieldViolation> Violations { get; init; } = [];

    public IReadOnlyList<string> Hints { get; init; } = [];
}

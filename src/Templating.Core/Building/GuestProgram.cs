using System.Text;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Building;

/// <summary>How a program ended that ran in a template's guest. Exactly one of code and signal is set.</summary>
/// <param name="ExitCode">127 where there is no such program.</param>
/// <param name="Signal">9 where its time was over.</param>
/// <param name="Output">The end of its standard output.</param>
/// <param name="Said">The end of all that it said. As <paramref name="Output"/>: printable, however hostile the guest.</param>
internal sealed record GuestProgramEnd(int? ExitCode, int? Signal, string Output, string Said);

/// <summary>Runs a program in a template's guest to its end, and keeps the end of what it says.</summary>
internal static class GuestProgram
{
    public const int NotFound = 127;

    /// <summary>Enough to see why it failed; the rest is read and dropped.</summary>
    private const int MaxOutput = 2048;

    /// <summary>For the guest to end a program whose time is over, and to say so.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    /// <exception cref="Errors.TemplatingException">GuestAgentFailed: the agent never said how it ended.</exception>
    public static async Task<GuestProgramEnd> RunAsync(
        IVm vm, IReadOnlyList<string> arguments, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var (output, said) = (new StringBuilder(), new StringBuilder());
        // The guest ends it in time. One that does not must not hold up its build.
        using var late = new CancellationTokenSource(limit + Late, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var command = new GuestCommand { Arguments = arguments, Timeout = limit };
            await foreach (var part in vm.Guest.ExecAsync(command, input: null, either.Token))
            {
                switch (part)
                {
                    case ExecStandardOutput o:
                        Keep(output, o.Bytes);
                        Keep(said, o.Bytes);
                        break;
                    case ExecStandardError e:
                        Keep(said, e.Bytes);
                        break;
                    case ExecExited end:
                        return new GuestProgramEnd(end.ExitCode, end.Signal, Printable(output), Printable(said));
                }
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new GuestProgramEnd(null, ProcessCalls.SignalKill, Printable(output), Printable(said));
        }

        throw new Errors.TemplatingException(
            Errors.ErrorCode.GuestAgentFailed, $"The guest's agent never said how '{string.Join(' ', arguments)}' ended.");
    }

    private static void Keep(StringBuilder tail, ReadOnlyMemory<byte> bytes)
    {
        tail.Append(Encoding.UTF8.GetString(bytes.Span));
        if (tail.Length > MaxOutput)
        {
            tail.Remove(0, tail.Length - MaxOutput);
        }
    }

    private static string Printable(StringBuilder text) =>
        string.Concat(text.ToString().Trim().Select(c => char.IsControl(c) && c != '\n' ? '?' : c));
}

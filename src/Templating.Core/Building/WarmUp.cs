using System.Text;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Building;

/// <summary>Runs a warm-up command in the template's guest and insists on exit code 0.</summary>
internal static class WarmUp
{
    // Enough of a failing command's output to see why; the rest is read and dropped.
    private const int MaxOutput = 2048;

    /// <exception cref="TemplatingException">WarmUpFailed, with the end of the command's output.</exception>
    public static async Task RunAsync(IVm vm, IReadOnlyList<string> arguments, TimeSpan left, CancellationToken cancellationToken)
    {
        var name = string.Join(' ', arguments);
        if (left <= TimeSpan.Zero)
        {
            throw new TemplatingException(
                ErrorCode.GuestNotReady, $"The readiness timeout had passed before warm-up command '{name}' could run. Raise readiness.timeout.");
        }

        var tail = new StringBuilder();
        var command = new GuestCommand { Arguments = arguments, Timeout = left };
        await foreach (var output in vm.Guest.ExecAsync(command, input: null, cancellationToken))
        {
            switch (output)
            {
                case ExecStandardOutput o:
                    Keep(tail, o.Bytes);
                    break;
                case ExecStandardError e:
                    Keep(tail, e.Bytes);
                    break;
                case ExecExited { ExitCode: 0 }:
                    return;
                case ExecExited end:
                    var how = end.ExitCode is { } code ? $"exited with {code}" : $"was ended by signal {end.Signal}";
                    throw new TemplatingException(
                        ErrorCode.WarmUpFailed, $"Warm-up command '{name}' {how}; 0 is expected. The end of its output: {Printable(tail)}");
            }
        }

        throw new TemplatingException(ErrorCode.GuestAgentFailed, $"The guest's agent never said how warm-up command '{name}' ended.");
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

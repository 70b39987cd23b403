using System.Text;
using Templating.Core.Machines;

namespace Templating.Testing.Qemu;

public sealed record CommandResult(string Output, string Error, int? ExitCode, int? Signal);

public static class GuestCommands
{
    /// <summary>Runs a shell script in the guest and gathers what it says.</summary>
    public static async Task<CommandResult> RunAsync(this IGuest guest, string script, params string[] input)
    {
        var (output, error, exit) = (new StringBuilder(), new StringBuilder(), new ExecExited(null, null));
        using var limit = new CancellationTokenSource(Soon.Limit);
        var command = new GuestCommand { Arguments = ["sh", "-c", script] };
        await foreach (var part in guest.ExecAsync(command, input.Length > 0 ? ChunksOf(input) : null, limit.Token))
        {
            switch (part)
            {
                case ExecStandardOutput o:
                    output.Append(Encoding.UTF8.GetString(o.Bytes.Span));
                    break;
                case ExecStandardError e:
                    error.Append(Encoding.UTF8.GetString(e.Bytes.Span));
                    break;
                case ExecExited e:
                    exit = e;
                    break;
            }
        }

        return new CommandResult(output.ToString(), error.ToString(), exit.ExitCode, exit.Signal);
    }

    private static async IAsyncEnumerable<ExecInput> ChunksOf(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            await Task.Yield();
            yield return new ExecInputBytes(Encoding.UTF8.GetBytes(text));
        }
    }
}

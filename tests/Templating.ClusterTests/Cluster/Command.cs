#pragma warning disable RS0030 // The ban is on src, whose QEMUs must outlive it.
using System.Diagnostics;

namespace Templating.ClusterTests.Cluster;

/// <summary>A program that ran to its end.</summary>
internal sealed record Command(string Line, int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task<Command> RunAsync(string program, IReadOnlyList<string> arguments, string? input = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(info) ?? throw new InvalidOperationException($"'{program}' did not start.");
        using var deadline = new CancellationTokenSource(Limit, TimeProvider.System);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            return new Command($"{program} {string.Join(' ', arguments)}", process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Itself where it succeeded.</summary>
    public Command Require() => ExitCode == 0 ? this
        : throw new InvalidOperationException($"'{Line}' ended with {ExitCode}: {Error}{Output}");
}

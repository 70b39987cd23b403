#pragma warning disable RS0030 // Templating.Qemu.Process is for VMs, which outlive their starter. These do not.
using System.Diagnostics;

namespace Templating.Benchmarks;

/// <summary>A child process in a session of its own, so that a Ctrl-C in the terminal reaches the benchmark alone.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public int Pid => _process.Id;

    public bool Ended => _process.HasExited;

    /// <summary>Once it ended.</summary>
    public int ExitCode => _process.ExitCode;

    public StreamWriter Input => _process.StandardInput;

    public StreamReader Output => _process.StandardOutput;

    /// <summary>A program spoken to through its standard input and output.</summary>
    public static Child StartPiped(params IEnumerable<string> command) => new(Process.Start(
        new ProcessStartInfo("setsid", command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!);

    /// <summary>A program whose output goes to a file. Shell and setsid(1) become the program: the process id stays.</summary>
    public static Child StartLogged(
        string logPath, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("sh", ["-c", "exec setsid \"$@\" >>\"$0\" 2>&1 </dev/null", logPath, .. command]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Child(Process.Start(start)!);
    }

    /// <summary>A program that says little, until it has ended.</summary>
    /// <returns>What it said.</returns>
    public static async Task<string> RunAsync(IEnumerable<string> command, CancellationToken cancellationToken)
    {
        using var child = StartPiped(command);
        var said = await child.Output.ReadToEndAsync(cancellationToken);
        await child.WaitAsync(cancellationToken);
        return said;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public void Dispose() => _process.Dispose();
}

using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>Programs that do one thing and end.</summary>
internal static class Commands
{
    /// <param name="command">Program and arguments.</param>
    /// <param name="log">Its output is appended there.</param>
    /// <param name="environment">Added to ours.</param>
    /// <param name="cancellationToken">Tells it to end, and waits until it has.</param>
    /// <exception cref="BenchmarkException">It failed; with the end of its output.</exception>
    public static async Task RunAsync(
        IReadOnlyList<string> command, string log, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        using var child = Child.StartLogged(log, environment ?? new Dictionary<string, string>(StringComparer.Ordinal), command);
        try
        {
            await child.WaitAsync(cancellationToken);
        }
        finally
        {
            if (!child.Ended)
            {
                Processes.Signal(child.Pid, Processes.SignalTerminate);
                await child.WaitAsync(CancellationToken.None);
            }
        }

        if (child.ExitCode != 0)
        {
            throw new BenchmarkException($"{command[0]} ended with {child.ExitCode}:\n{Tail(log)}");
        }
    }

    public static string Tail(string log) => string.Join('\n', File.ReadLines(log).TakeLast(30));
}

namespace Templating.Qemu.Process;

/// <summary>A program of the host's, none of a VM, run to its end.</summary>
public static class HostProgram
{
    /// <param name="arguments">Absolute path of the program and its arguments.</param>
    /// <param name="outputPath">A file that takes what it says.</param>
    /// <param name="patience">It is killed then.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>Its exit code; null where a signal ended it.</returns>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<int?> RunAsync(IReadOnlyList<string> arguments, string outputPath, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var watcher = new ProcessWatcher();
        var pid = Spawner.Start(new SpawnRequest
        {
            Arguments = arguments,
            OutputPath = outputPath,
            // It is nobody to be afraid of, and what it starts may write what it likes.
            MaxFileBytes = long.MaxValue,
        });
        var process = watcher.Watch(pid, isChild: true)!;
        try
        {
            return (await process.Exited.WaitAsync(patience, cancellationToken)).ExitCode;
        }
        finally
        {
            process.Kill();
            await process.Exited;
        }
    }
}

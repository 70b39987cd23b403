using System.Globalization;

namespace Templating.Testing.Nodes;

/// <summary>QEMUs, known as the daemon knows them: their output leads into the run folder.</summary>
public static class VmProcesses
{
    public static IReadOnlyList<int> Of(string runFolder) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && OutputOf(pid).StartsWith(runFolder + "/", StringComparison.Ordinal)),
    ];

    /// <summary>Waits until there is one.</summary>
    public static async Task<int> FirstOfAsync(string runFolder, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Of(runFolder) is [var pid, ..])
            {
                return pid;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>The user it runs as; null where it has ended.</summary>
    public static uint? UserOf(int pid)
    {
        try
        {
            return uint.Parse(
                File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string OutputOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/fd/1").LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended meanwhile
        }
    }
}

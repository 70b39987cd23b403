using System.Globalization;
using Templating.Testing;

namespace Templating.IntegrationTests.Images;

/// <summary>The running mkfs.erofs of a daemon, or of this process.</summary>
internal static class MakerProcess
{
    /// <summary>Waits until there is one.</summary>
    /// <param name="parent">Who started it.</param>
    public static async Task<int> WaitAsync(int parent)
    {
        var pid = 0;
        await Eventually.UntilAsync(() => (pid = Find(parent)) != 0, "mkfs.erofs runs");
        return pid;
    }

    /// <summary>0 where there is none.</summary>
    public static int Find(int parent) => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .FirstOrDefault(pid => pid != 0 && Field(pid, "Name") is "mkfs.erofs" && Field(pid, "PPid") == $"{parent}");

    /// <summary>Of /proc/PID/status; null where it is gone.</summary>
    public static string? Field(int pid, string name)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

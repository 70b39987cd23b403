using System.Globalization;

namespace Templating.Node.Commands.Runtimes;

/// <summary>Pods of the runtime that run: each has a process of the shim.</summary>
internal static class LivingShims
{
    private const string Deleted = " (deleted)";

    /// <param name="processes">/proc: of the host, where it is to be complete.</param>
    public static int Count(string processes) => Directory.EnumerateDirectories(processes)
        .Where(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        .Count(folder => Executable(folder) == RuntimeTarget.ShimName);

    private static string? Executable(string process)
    {
        try
        {
            var link = new FileInfo(Path.Combine(process, "exe")).LinkTarget;
            return Path.GetFileName(link?.EndsWith(Deleted, StringComparison.Ordinal) == true ? link[..^Deleted.Length] : link);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is a thread of the kernel's.
            return null;
        }
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// Ends QEMUs that a dead daemon left. They are known by the file their standard output leads to, which lies in the
/// VM's folder: that is true from the very start of the process, also when nobody lived to note its number.
/// </summary>
internal static class Reaper
{
    private const string DeletedSuffix = " (deleted)";

    public static async Task RunAsync(
        IReadOnlyList<VmFolder> folders, ProcessWatcher watcher, ILogger logger, CancellationToken cancellationToken)
    {
        if (folders.Count == 0)
        {
            return;
        }

        var logs = folders.Select(f => f.StandardError).ToHashSet(StringComparer.Ordinal);
        foreach (var pid in Processes().Where(pid => OutputOf(pid) is { } output && logs.Contains(output)).ToArray())
        {
            // Hold the process first, look again then: what is killed is what was seen.
            if (watcher.Watch(pid, isChild: false) is not { } process)
            {
                continue;
            }

            if (OutputOf(pid) is not { } still || !logs.Contains(still))
            {
                watcher.Forget(process);
                continue;
            }

            Log.Reaped(logger, pid, still);
            process.Kill();
            await process.Exited.WaitAsync(cancellationToken);
        }
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc")
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0 && pid != Environment.ProcessId);

    private static string? OutputOf(int pid)
    {
        try
        {
            var target = new FileInfo($"/proc/{pid}/fd/1").LinkTarget;
            return target is not null && target.EndsWith(DeletedSuffix, StringComparison.Ordinal)
                ? target[..^DeletedSuffix.Length]
                : target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is not ours to look into, and so not ours to end.
            return null;
        }
    }
}

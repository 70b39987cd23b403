using System.Globalization;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// Ends QEMUs that a dead daemon left. They are known by what was noted of their process, and by the file their standard
/// output leads to, which lies in the VM's folder: that is true from the very start of the process, also when nobody lived
/// to note its number. (A QEMU that a guest has broken into can lead its output elsewhere, but was noted by then.)
/// </summary>
internal static class Reaper
{
    private const string DeletedSuffix = " (deleted)";

    /// <summary>For killed processes to go. The kernel frees a large one's memory first; one that hangs in it may never go.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <returns>Those that are still there.</returns>
    public static async Task<IReadOnlyList<LingeringVm>> RunAsync(
        IReadOnlyList<LeftVm> left, ProcessWatcher watcher, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        if (left.Count == 0)
        {
            return [];
        }

        var byLog = left.DistinctBy(l => l.Folder.StandardError, StringComparer.Ordinal)
            .ToDictionary(l => l.Folder.StandardError, l => l.Folder, StringComparer.Ordinal);
        var seen = Processes().Select(pid => (Pid: pid, Output: OutputOf(pid)))
            .Where(p => p.Output is not null && byLog.ContainsKey(p.Output))
            .Select(p => new Victim(p.Pid, byLog[p.Output!], () => string.Equals(OutputOf(p.Pid), p.Output, StringComparison.Ordinal)));
        var noted = left.Where(l => l.Process is not null)
            .Select(l => new Victim(l.Process!.Value.Pid, l.Folder, () => ProcessIds.Read(l.Process!.Value.Pid) == l.Process));
        var ending = noted.Concat(seen).DistinctBy(v => v.Pid).ToList()
            .Select(victim => (Victim: victim, Process: Kill(victim, watcher, logger)))
            .Where(e => e.Process is not null).ToList();
        Task all = Task.WhenAll(ending.Select(e => e.Process!.Exited));
        await all.WaitAsync(Patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var lingering = new List<LingeringVm>();
        foreach (var (victim, process) in ending.Where(e => !e.Process!.Exited.IsCompleted))
        {
            if (ProcessIds.ReadUser(victim.Pid) is { } uid)
            {
                Log.Lingers(logger, victim.Pid, victim.Folder.Path);
                lingering.Add(new LingeringVm(victim.Folder, victim.Pid, uid));
            }

            watcher.Forget(process!);
        }

        return lingering;
    }

    /// <summary>Holds the process first and looks again then: what is killed is what was seen.</summary>
    private static WatchedProcess? Kill(Victim victim, ProcessWatcher watcher, ILogger logger)
    {
        WatchedProcess? process = null;
        try
        {
            process = watcher.Watch(victim.Pid, isChild: false);
            if (process is not null && victim.IsStillIt())
            {
                Log.Reaped(logger, victim.Pid, victim.Folder.Path);
                process.Kill();
                return process;
            }
        }
        catch (Exception e) when (e is IOException or TemplatingException)
        {
            Log.NotReaped(logger, victim.Pid, e.Message);
            return process;
        }

        if (process is not null)
        {
            watcher.Forget(process);
        }

        return null;
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

    private sealed record Victim(int Pid, VmFolder Folder, Func<bool> IsStillIt);
}

using Templating.Cli.Exits;

namespace Templating.Node.Commands.Runtimes;

/// <summary>
/// Carries a plan out. Containers that run are not touched by a restart of containerd; a containerd that does not come back would be the end
/// of the node, so what it was before is put back then.
/// </summary>
/// <param name="restart">Restarts containerd; empty where somebody else does.</param>
/// <param name="patience">For each wait for containerd.</param>
internal sealed class RuntimeInstaller(IContainerd containerd, IHostShell shell, TimeProvider clock, string restart, TimeSpan patience, Action<string> note)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <param name="handler">The runtime that containerd shall have then, or not have any more.</param>
    /// <exception cref="CliException">It failed; containerd's configuration is as it was, unless the message says otherwise.</exception>
    public async Task RunAsync(RuntimePlan plan, string handler, bool isWanted, CancellationToken cancellationToken)
    {
        Put(plan.Before);
        var changed = plan.Config.Where(f => f.IsChanged).ToList();
        foreach (var file in changed.Where(f => f.Old is not null && isWanted && !File.Exists(HostFiles.BackupOf(f.Path))))
        {
            // For people: where this process is killed in between, nobody else knows what was there.
            HostFiles.Put(HostFiles.BackupOf(file.Path), file.Old, file.Mode);
        }

        Put(changed);
        if (plan.NeedsRestart)
        {
            await RestartAsync(plan, handler, isWanted, cancellationToken);
        }

        Put(plan.After);
        if (!isWanted)
        {
            foreach (var file in plan.Config)
            {
                File.Delete(HostFiles.BackupOf(file.Path));
            }
        }
    }

    private async Task RestartAsync(RuntimePlan plan, string handler, bool isWanted, CancellationToken cancellationToken)
    {
        if (restart.Length == 0)
        {
            note("Waiting until containerd is restarted; it goes by its new configuration from then on.");
            if (!await WaitAsync(a => IsAsWanted(a, handler, isWanted), cancellationToken))
            {
                throw new CliException(ExitCode.Deadline, $"Nobody restarted containerd within {patience.TotalSeconds:0} s. Its configuration is written; restart it, and do this again.");
            }

            return;
        }

        // From here on to the end, whatever this caller wants by now: the node is to have its containerd.
        var problem = await shell.RunAsync(restart, patience, CancellationToken.None);
        if (problem is null && await WaitAsync(a => IsAsWanted(a, handler, isWanted), CancellationToken.None))
        {
            return;
        }

        problem ??= isWanted
            ? $"containerd did not take the runtime '{handler}' within {patience.TotalSeconds:0} s."
            : $"containerd did not answer without the runtime '{handler}' within {patience.TotalSeconds:0} s.";
        if (!plan.Config.Any(f => f.IsChanged))
        {
            throw new CliException(ExitCode.Failure, $"{problem} Its log says why.");
        }

        foreach (var file in plan.Files.Where(f => f.IsChanged))
        {
            HostFiles.Put(file.Path, file.Old, file.Mode);
            if (isWanted)
            {
                File.Delete(HostFiles.BackupOf(file.Path));
            }
        }

        var again = await shell.RunAsync(restart, patience, CancellationToken.None);
        var isBack = await WaitAsync(a => a.ServesKubelet, CancellationToken.None);
        throw new CliException(
            ExitCode.Failure,
            $"{problem} All files are as they were, and {(isBack ? "it answers again. Its log may say more." : $"IT DOES NOT ANSWER: {again ?? "look at its log."}")}");
    }

    /// <summary>Of one that does not say which runtimes it has, that it serves the kubelet is all there is to see.</summary>
    private static bool IsAsWanted(ContainerdAnswer answer, string handler, bool isWanted) =>
        answer.ServesKubelet && (answer.Handlers is null || answer.Handlers.Contains(handler) == isWanted);

    private async Task<bool> WaitAsync(Func<ContainerdAnswer, bool> good, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (clock.GetElapsedTime(start) < patience)
        {
            if (await containerd.AskAsync(cancellationToken) is { } answer && good(answer))
            {
                return true;
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }

        return false;
    }

    private static void Put(IEnumerable<PlannedFile> files)
    {
        foreach (var file in files.Where(f => f.IsChanged))
        {
            HostFiles.Put(file);
        }
    }
}

using Templating.Qemu.Process;

namespace Templating.Qemu.Probing;

/// <summary>A program run for what it tells; gone, at the latest, when this is disposed or the daemon is killed.</summary>
internal sealed class ProbeProcess : IAsyncDisposable
{
    private readonly WatchedProcess _process;

    public ProbeProcess(
        ProcessWatcher watcher, IReadOnlyList<string> arguments, string outputPath, IReadOnlyList<int> descriptors, long maxFileBytes)
    {
        var pid = Spawner.Start(new SpawnRequest
        {
            Arguments = [.. Privileges.EndingWithParent, .. arguments],
            ByLastingThread = true,
            OutputPath = outputPath,
            Descriptors = descriptors,
            MaxFileBytes = maxFileBytes,
        });
        _process = watcher.Watch(pid, isChild: true)!;
    }

    public Task<ProcessExit> Exited => _process.Exited;

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.Exited;
    }
}

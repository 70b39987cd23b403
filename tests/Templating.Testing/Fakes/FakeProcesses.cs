using System.Collections.Concurrent;
using Templating.Core.Machines;

namespace Templating.Testing.Fakes;

/// <summary>Processes that a test begins and ends.</summary>
public sealed class FakeProcesses : IProcesses
{
    public const uint User = 1000;

    private readonly ConcurrentDictionary<int, Running> _running = new();
    private long _clock;

    public void Begin(int pid) => _running[pid] = new Running(new VmProcessId(pid, Interlocked.Increment(ref _clock), Guid.Empty));

    public void End(int pid)
    {
        if (_running.TryRemove(pid, out var process))
        {
            process.Exit.TrySetResult();
        }
    }

    public IProcess? Watch(int pid) => _running.TryGetValue(pid, out var process) ? new Watched(process) : null;

    private sealed record Running(VmProcessId Id)
    {
        public TaskCompletionSource Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Watched(Running process) : IProcess
    {
        public VmProcessId Id => process.Id;

        public uint? User => FakeProcesses.User;

        public Task Ended => process.Exit.Task;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}

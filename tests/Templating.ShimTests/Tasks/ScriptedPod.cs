using System.Collections.Concurrent;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Pods;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;
using Templating.ShimTests.Stdio;
using Templating.Testing;

namespace Templating.ShimTests.Tasks;

/// <summary>A pod whose VM and guest a test speaks for.</summary>
internal sealed class ScriptedPod : IPod
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Pid => 4711;

    public Task Ended => _ended.Task;

    /// <summary>Of containers and execs, in the order in which they began.</summary>
    public ConcurrentQueue<ScriptedProcess> Processes { get; } = new();

    /// <summary>What it was asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Before a process runs.</summary>
    public Func<CancellationToken, Task> Launch { get; set; } = _ => Task.CompletedTask;

    /// <summary>Before a container's root is there.</summary>
    public Func<Task> Prepare { get; set; } = () => Task.CompletedTask;

    /// <summary>How its VM is ended.</summary>
    public Func<Task> Release { get; set; } = () => Task.CompletedTask;

    public ContainerCounts Counts { get; set; } = new();

    /// <summary>The VM's process is gone, and with it the conversation.</summary>
    public void EndVm()
    {
        foreach (var process in Processes)
        {
            process.LoseConnection();
        }

        _ended.TrySetResult();
    }

    public async Task<GuestContainer> PrepareAsync(
        BundleSpec spec, IReadOnlyList<Mount> rootfs, IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken)
    {
        Asked.Enqueue($"prepare {spec.Id} for {resources.Count}");
        await Prepare();
        return new GuestContainer([1], [], [], null);
    }

    public Task<GuestProcess> RunAsync(ProcessStart start, CancellationToken cancellationToken) => BeginAsync(cancellationToken);

    public Task<GuestProcess> ExecAsync(ProcessStart start, CancellationToken cancellationToken) => BeginAsync(cancellationToken);

    public Task<ContainerCounts> CountAsync(string container, CancellationToken cancellationToken) => Task.FromResult(Counts);

    public Task UpdateAsync(string container, ContainerLimits limits, CancellationToken cancellationToken) => Ask("update " + container);

    public Task EndAsync(GuestContainer container) => Ask("end");

    public Task RemoveAsync(string container) => Ask("remove " + container);

    public Task GrowAsync(IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken) =>
        Ask("grow to " + resources.Sum(r => r.MemoryLimit));

    public Task PauseAsync(CancellationToken cancellationToken) => Ask("pause");

    public Task ResumeAsync(CancellationToken cancellationToken) => Ask("resume");

    public async Task ReleaseAsync()
    {
        Asked.Enqueue("release");
        await Release();
        EndVm();
    }

    public ValueTask DisposeAsync()
    {
        Asked.Enqueue("dispose");
        return ValueTask.CompletedTask;
    }

    /// <summary>The next process that began.</summary>
    public async Task<ScriptedProcess> ProcessAsync(int number)
    {
        await Eventually.UntilAsync(() => Processes.Count > number, $"process {number} to begin");
        return Processes.ElementAt(number);
    }

    private async Task<GuestProcess> BeginAsync(CancellationToken cancellationToken)
    {
        await Launch(cancellationToken);
        var process = new ScriptedProcess();
        Processes.Enqueue(process);
        return process.Process;
    }

    private Task Ask(string what)
    {
        Asked.Enqueue(what);
        return Task.CompletedTask;
    }
}

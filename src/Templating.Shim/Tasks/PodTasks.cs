using System.Collections.Concurrent;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Specs;

namespace Templating.Shim.Tasks;

/// <summary>
/// containerd's tasks of one pod. The first that is created brings the VM, the sandbox or a container without a pod, and its deletion ends it.
/// On the host all of them are one process, QEMU's.
/// </summary>
internal sealed class PodTasks : IAsyncDisposable
{
    private readonly TaskEvents _events;
    private readonly ShimLog _log;
    private readonly TimeProvider _clock;
    private readonly ContainerEnd _ends;
    private readonly PodLife _life;
    private readonly SemaphoreSlim _creation = new(1);
    private readonly ConcurrentDictionary<string, PodContainer> _containers = new(StringComparer.Ordinal);
    private volatile bool _paused;

    public PodTasks(StartPodAsync start, TaskEvents events, ShimLog log, TimeProvider clock)
    {
        (_events, _log, _clock) = (events, log, clock);
        (_ends, _life) = (new ContainerEnd(log, clock), new PodLife(start, log));
    }

    /// <summary>Of all tasks.</summary>
    /// <exception cref="ShimException">There is no pod.</exception>
    public uint Pid => _life.Pid;

    public bool IsPaused => _paused;

    public bool IsEmpty => _containers.IsEmpty;

    private SpecResources[] AllResources => [.. _containers.Values.Where(c => c.Guest is not null).Select(c => c.Resources)];

    /// <returns>The process of a task; 0 where it is not there.</returns>
    public uint PidOf(string id) => _containers.ContainsKey(id) ? _life.PidOrNone : 0;

    public PodContainer Find(string id) => _containers.TryGetValue(id, out var found) ? found : throw ShimException.NotFound($"There is no container {id}.");

    /// <param name="id">Of the task.</param>
    /// <param name="exec">Of another process in it; empty for its first.</param>
    public TaskProcess Find(string id, string exec) => Find(id).Find(exec);

    public async Task CreateAsync(NewTask wanted, CancellationToken cancellationToken)
    {
        await _creation.WaitAsync(cancellationToken);
        try
        {
            if (_containers.ContainsKey(wanted.Id))
            {
                throw new ShimException(Grpc.Core.StatusCode.AlreadyExists, $"There is a container {wanted.Id} already.");
            }

            _containers[wanted.Id] = wanted.Spec.Kind switch
            {
                ContainerKind.PodSandbox => await CreateSandboxAsync(wanted, cancellationToken),
                ContainerKind.PodContainer => await CreateContainerAsync(wanted, cancellationToken),
                _ => await CreateSingleAsync(wanted, cancellationToken),
            };
        }
        finally
        {
            _creation.Release();
        }

        _events.Created(wanted, Pid);
    }

    public async Task StartAsync(string id, string exec, CancellationToken cancellationToken)
    {
        var process = Find(id, exec);
        await process.StartAsync(cancellationToken);
        if (process.Name.IsTask)
        {
            await LimitAsync(Find(id), cancellationToken);
        }

        _events.Started(process.Name, Pid);
        _ = TellEndAsync(process);
    }

    public async Task<ProcessEnd> DeleteAsync(string id, string exec)
    {
        var container = Find(id);
        var process = container.Find(exec);
        if (process.State is ProcessState.Running or ProcessState.Starting)
        {
            throw ShimException.NotNow($"{process.Name} runs: kill it first.");
        }

        process.End(new ProcessEnd(ProcessEnd.Killed, _clock.GetUtcNow()));
        var end = await process.Ended;
        if (process.Name.IsTask)
        {
            await DeleteContainerAsync(container);
            _events.Deleted(container.Id, Pid, end);
        }
        else
        {
            container.Remove(exec);
            await process.DisposeAsync();
        }

        return end;
    }

    /// <param name="id">Of a task that runs.</param>
    /// <param name="exec">The new process' name.</param>
    /// <param name="io">containerd's pipes.</param>
    /// <param name="specification">The JSON of a Process.</param>
    public void AddExec(string id, string exec, ProcessIo io, byte[] specification)
    {
        var container = Find(id);
        RequireRunning(container);
        // Looked at now: who asks is told now.
        _ = ProcessSpec.ForExec(specification, io.Terminal, null);
        var name = new ProcessName(container.Id, exec);
        container.Add(new GuestTask(
            name, io,
            (size, token) => _life.Pod.ExecAsync(
                new ProcessStart(container.Id, ProcessSpec.ForExec(specification, io.Terminal, size)) { Input = io.Input.Length > 0, Terminal = size }, token),
            () => Task.FromResult(false), _log, _clock));
        _events.ExecAdded(name);
    }

    public async Task KillAsync(string id, string exec, int signal, bool everyone, CancellationToken cancellationToken)
    {
        var process = Find(id, exec);
        try
        {
            if (await process.KillAsync(signal, everyone, cancellationToken))
            {
                _ = TellEndAsync(process);
            }
        }
        catch (TimeoutException) when (signal == Signals.Kill)
        {
            _log.Warning($"The guest did not answer when {process.Name} was to be killed: its VM is ended.");
            await _life.ReleaseAsync();
        }
    }

    /// <param name="id">Of the task.</param>
    /// <param name="resources">What its VM needs for it.</param>
    /// <param name="limits">Of its cgroup in the guest; null leaves them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task UpdateAsync(string id, SpecResources resources, ContainerLimits? limits, CancellationToken cancellationToken)
    {
        var container = Find(id);
        (container.Resources, container.Limits) = (resources, limits);
        await _life.Pod.GrowAsync(AllResources, cancellationToken);
        await LimitAsync(container, cancellationToken);
    }

    /// <returns>The guest's counts; null of a sandbox and of what does not run.</returns>
    public async Task<ContainerCounts?> CountAsync(string id, CancellationToken cancellationToken)
    {
        var container = Find(id);
        return container.Guest is null || container.Task.State != ProcessState.Running ? null : await _life.Pod.CountAsync(id, cancellationToken);
    }

    public async Task PauseAsync(string id, CancellationToken cancellationToken)
    {
        RequireAlone(id, "paused");
        await _life.Pod.PauseAsync(cancellationToken);
        _paused = true;
        _events.Paused(id);
    }

    public async Task ResumeAsync(string id, CancellationToken cancellationToken)
    {
        RequireAlone(id, "resumed");
        await _life.Pod.ResumeAsync(cancellationToken);
        _paused = false;
        _events.Resumed(id);
    }

    public async ValueTask DisposeAsync()
    {
        await _life.DisposeAsync();
        _creation.Dispose();
    }

    private async Task<PodContainer> CreateSandboxAsync(NewTask wanted, CancellationToken cancellationToken)
    {
        await _life.StartAsync(wanted, EndSandboxes, cancellationToken);
        return new PodContainer(wanted.Id, wanted.Bundle, wanted.Spec)
        {
            Task = new SandboxTask(new ProcessName(wanted.Id, ""), wanted.Io, _life.ReleaseAsync, _clock),
        };
    }

    private async Task<PodContainer> CreateSingleAsync(NewTask wanted, CancellationToken cancellationToken)
    {
        await _life.StartAsync(wanted, EndSandboxes, cancellationToken);
        try
        {
            return await CreateContainerAsync(wanted, cancellationToken);
        }
        catch
        {
            await _life.ForgetAsync();
            throw;
        }
    }

    private async Task<PodContainer> CreateContainerAsync(NewTask wanted, CancellationToken cancellationToken)
    {
        var pod = _life.Pod;
        var guest = await pod.PrepareAsync(wanted.Spec, wanted.Rootfs, [.. AllResources, wanted.Spec.Resources], cancellationToken);
        PodContainer container = null!;
        var task = new GuestTask(
            new ProcessName(wanted.Id, ""), wanted.Io,
            (size, token) => pod.RunAsync(new ProcessStart(wanted.Id, guest.Config) { Input = wanted.Io.Input.Length > 0, Terminal = size }, token),
            () => _ends.PrepareAsync(pod, container), _log, _clock);
        container = new PodContainer(wanted.Id, wanted.Bundle, wanted.Spec) { Guest = guest, Task = task };
        return container;
    }

    /// <summary>Whatever ends the VM or the conversation with its guest ends the pod: containers by their connection, the sandbox here.</summary>
    private void EndSandboxes()
    {
        foreach (var sandbox in _containers.Values.Select(c => c.Task).OfType<SandboxTask>())
        {
            sandbox.EndWithVm();
        }
    }

    private async Task TellEndAsync(TaskProcess process)
    {
        var end = await process.Ended;
        _events.Ended(process.Name, Pid, end);
    }

    private async Task DeleteContainerAsync(PodContainer container)
    {
        if (container.Guest is null && _containers.Count > 1)
        {
            throw ShimException.NotNow($"Sandbox {container.Id} has containers: delete them first.");
        }

        if (!_containers.TryRemove(container.Id, out _))
        {
            throw ShimException.NotFound($"There is no container {container.Id}.");
        }

        foreach (var exec in container.Execs)
        {
            await exec.DisposeAsync();
        }

        await container.Task.DisposeAsync();
        if (container.Spec.Kind == ContainerKind.PodContainer)
        {
            await _life.Pod.RemoveAsync(container.Id);
        }
        else
        {
            await _life.ReleaseAsync();
        }
    }

    private void RequireRunning(PodContainer container, bool allowPaused = false)
    {
        if (container.Guest is null)
        {
            throw ShimException.NotNow($"{container.Id} is a pod's sandbox: nothing runs in it.");
        }

        if (container.Task.State != ProcessState.Running || (_paused && !allowPaused))
        {
            throw ShimException.NotNow($"Container {container.Id} does not run{(_paused ? ": it is paused" : "")}.");
        }
    }

    /// <summary>As it was updated last; of one that was not started yet when it is.</summary>
    private Task LimitAsync(PodContainer container, CancellationToken cancellationToken) =>
        container is { Guest: not null, Limits: { } limits, Task.State: ProcessState.Running }
            ? _life.Pod.UpdateAsync(container.Id, limits, cancellationToken)
            : Task.CompletedTask;

    /// <summary>It is the VM that pauses, with all that is in it.</summary>
    private void RequireAlone(string id, string what)
    {
        RequireRunning(Find(id), allowPaused: true);
        if (_containers.Values.Count(c => c.Guest is not null) > 1)
        {
            throw ShimException.NotNow($"Container {id} cannot be {what} by itself: it shares its pod's VM with others.");
        }
    }
}

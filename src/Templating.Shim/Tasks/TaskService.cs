using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Options;
using Templating.Shim.Pods;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;

namespace Templating.Shim.Tasks;

/// <summary>
/// containerd's tasks of one pod. The first that is created brings the VM, the sandbox or a container without a pod, and its deletion ends it.
/// On the host all of them are one process, QEMU's.
/// </summary>
internal sealed class TaskService(
    string containerdNamespace, Action<ShimOptions, PodIdentity, IReadOnlyList<string>> remember, TaskEvents events, ShimLog log, TimeProvider clock) : ITaskService,
    IAsyncDisposable
{
    /// <summary>For what was killed to be seen to end.</summary>
    private static readonly TimeSpan ExecPatience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _creation = new(1);
    private readonly ConcurrentDictionary<string, PodContainer> _containers = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IdleMemory _memory = new(clock);
    private Pod? _pod;
    private volatile bool _paused;

    /// <summary>When containerd has no use for this process any more.</summary>
    public Task Shutdown => _shutdown.Task;

    private Pod Pod => _pod ?? throw ShimException.NotFound("The pod's sandbox is not there: its VM has ended, or was never started.");

    private uint Pid => (uint)Pod.Pid;

    private SpecResources[] AllResources => [.. _containers.Values.Where(c => c.Guest is not null).Select(c => c.Resources)];

    public async Task<CreateTaskResponse> CreateAsync(CreateTaskRequest request, CancellationToken cancellationToken)
    {
        if (request.Checkpoint.Length > 0)
        {
            throw ShimException.Unimplemented("A container of a VM cannot be restored from a checkpoint.");
        }

        var spec = BundleSpec.Read(request.Bundle);
        await _creation.WaitAsync(cancellationToken);
        try
        {
            if (_containers.ContainsKey(request.Id))
            {
                throw new ShimException(Grpc.Core.StatusCode.AlreadyExists, $"There is a container {request.Id} already.");
            }

            var container = spec.Kind switch
            {
                ContainerKind.PodSandbox => await CreateSandboxAsync(request, spec, cancellationToken),
                ContainerKind.PodContainer => await CreateContainerAsync(request, spec, cancellationToken),
                _ => await CreateSingleAsync(request, spec, cancellationToken),
            };
            _containers[request.Id] = container;
        }
        finally
        {
            _creation.Release();
        }

        _memory.Touch();
        events.Created(request, Pid);
        return new CreateTaskResponse { Pid = Pid };
    }

    public async Task<StartResponse> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        var process = Find(request.Id).Find(request.ExecId);
        await process.StartAsync(cancellationToken);
        if (process.Name.IsTask)
        {
            await LimitAsync(Find(request.Id), cancellationToken);
        }

        _memory.Touch();
        events.Started(process.Name, Pid);
        _ = TellEndAsync(process);
        return new StartResponse { Pid = Pid };
    }

    public async Task<DeleteResponse> DeleteAsync(DeleteRequest request, CancellationToken cancellationToken)
    {
        var container = Find(request.Id);
        var process = container.Find(request.ExecId);
        if (process.State is ProcessState.Running or ProcessState.Starting)
        {
            throw ShimException.NotNow($"{process.Name} runs: kill it first.");
        }

        process.End(new ProcessEnd(ProcessEnd.Killed, clock.GetUtcNow()));
        var end = await process.Ended;
        var pid = Pid;
        if (process.Name.IsTask)
        {
            await DeleteContainerAsync(container);
            events.Deleted(container.Id, pid, end);
        }
        else
        {
            container.Remove(request.ExecId);
            await process.DisposeAsync();
        }

        return new DeleteResponse { Pid = pid, ExitStatus = end.Status, ExitedAt = Timestamp.FromDateTimeOffset(end.At) };
    }

    public Task ExecAsync(ExecProcessRequest request, CancellationToken cancellationToken)
    {
        var container = Find(request.Id);
        if (request.ExecId.Length == 0)
        {
            throw ShimException.Invalid("exec_id is empty; expected the new process' name.");
        }

        RequireRunning(container);
        // Looked at now: who asks is told now.
        var specification = request.Spec?.Value.ToByteArray() ?? [];
        _ = ProcessSpec.ForExec(specification, request.Terminal, null);
        var name = new ProcessName(container.Id, request.ExecId);
        container.Add(new GuestTask(
            name, new ProcessIo(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
            (size, token) => Pod.Guest.ExecAsync(
                new ProcessStart(container.Id, ProcessSpec.ForExec(specification, request.Terminal, size)) { Input = request.Stdin.Length > 0, Terminal = size },
                token),
            () => Task.FromResult(false), log, clock));
        events.ExecAdded(name);
        return Task.CompletedTask;
    }

    public async Task KillAsync(KillRequest request, CancellationToken cancellationToken)
    {
        var process = Find(request.Id).Find(request.ExecId);
        if (request.Signal is 0 or > 64)
        {
            throw ShimException.Invalid($"Signal {request.Signal} is none: expected 1 to 64.");
        }

        try
        {
            if (await process.KillAsync((int)request.Signal, request.All, cancellationToken))
            {
                _ = TellEndAsync(process);
            }
        }
        catch (TimeoutException) when (request.Signal == Signals.Kill)
        {
            log.Warning($"The guest did not answer when {process.Name} was to be killed: its VM is ended.");
            await Pod.ReleaseAsync();
        }
    }

    public async Task<StateResponse> StateAsync(StateRequest request, CancellationToken cancellationToken)
    {
        var container = Find(request.Id);
        var process = container.Find(request.ExecId);
        var response = new StateResponse
        {
            Id = request.Id,
            Bundle = container.Bundle,
            Pid = Pid,
            Status = process.State switch
            {
                ProcessState.Running => _paused ? Status.Paused : Status.Running,
                ProcessState.Stopped => Status.Stopped,
                _ => Status.Created,
            },
            Stdin = process.Io.Input,
            Stdout = process.Io.Output,
            Stderr = process.Io.Error,
            Terminal = process.Io.Terminal,
            ExecId = request.ExecId,
        };
        if (process.Ended.IsCompletedSuccessfully)
        {
            var end = await process.Ended;
            (response.ExitStatus, response.ExitedAt) = (end.Status, Timestamp.FromDateTimeOffset(end.At));
        }

        return response;
    }

    public async Task<WaitResponse> WaitAsync(WaitRequest request, CancellationToken cancellationToken)
    {
        var end = await Find(request.Id).Find(request.ExecId).Ended.WaitAsync(cancellationToken);
        return new WaitResponse { ExitStatus = end.Status, ExitedAt = Timestamp.FromDateTimeOffset(end.At) };
    }

    public Task<PidsResponse> PidsAsync(PidsRequest request, CancellationToken cancellationToken)
    {
        _ = Find(request.Id);
        return Task.FromResult(new PidsResponse { Processes = { new ProcessInfo { Pid = Pid } } });
    }

    public async Task<StatsResponse> StatsAsync(StatsRequest request, CancellationToken cancellationToken)
    {
        var container = Find(request.Id);
        return new StatsResponse
        {
            Stats = container.Guest is null || container.Task.State != ProcessState.Running
                ? HostMetrics.OfVm(VmUsage.Read(Pod.Pid))
                : HostMetrics.OfContainer(await Pod.Guest.CountAsync(container.Id, cancellationToken)),
        };
    }

    public async Task UpdateAsync(UpdateTaskRequest request, CancellationToken cancellationToken)
    {
        var container = Find(request.Id);
        var resources = (request.Resources?.Value ?? Google.Protobuf.ByteString.Empty).Span;
        (container.Resources, container.Limits) = (SpecResources.Parse(resources), ContainerUpdate.Parse(resources));
        await Pod.GrowAsync(AllResources, cancellationToken);
        await LimitAsync(container, cancellationToken);
    }

    public async Task PauseAsync(PauseRequest request, CancellationToken cancellationToken)
    {
        RequireAlone(request.Id, "paused");
        await Pod.PauseAsync(cancellationToken);
        _paused = true;
        events.Paused(request.Id);
    }

    public async Task ResumeAsync(ResumeRequest request, CancellationToken cancellationToken)
    {
        RequireAlone(request.Id, "resumed");
        await Pod.ResumeAsync(cancellationToken);
        _paused = false;
        events.Resumed(request.Id);
    }

    public Task CheckpointAsync(CheckpointTaskRequest request, CancellationToken cancellationToken) =>
        throw ShimException.Unimplemented("A container of a VM cannot be checkpointed.");

    public Task ResizePtyAsync(ResizePtyRequest request, CancellationToken cancellationToken)
    {
        if (request.Height > ushort.MaxValue || request.Width > ushort.MaxValue)
        {
            throw ShimException.Invalid($"The size {request.Width} x {request.Height} is none: expected at most {ushort.MaxValue} each.");
        }

        return Find(request.Id).Find(request.ExecId).ResizeAsync(new WindowSize((ushort)request.Height, (ushort)request.Width), cancellationToken);
    }

    public Task CloseIOAsync(CloseIORequest request, CancellationToken cancellationToken) =>
        request.Stdin ? Find(request.Id).Find(request.ExecId).CloseInputAsync(cancellationToken) : Task.CompletedTask;

    public Task<ConnectResponse> ConnectAsync(ConnectRequest request, CancellationToken cancellationToken) => Task.FromResult(new ConnectResponse
    {
        ShimPid = (uint)Environment.ProcessId,
        TaskPid = _containers.ContainsKey(request.Id) ? Pid : 0,
        Version = ThisAssembly,
    });

    public Task ShutdownAsync(ShutdownRequest request, CancellationToken cancellationToken)
    {
        // containerd asks after each task; only the last one's ends the pod's shim.
        if (request.Now || _containers.IsEmpty)
        {
            _shutdown.TrySetResult();
        }

        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_pod is { } pod)
        {
            await pod.ReleaseAsync();
            await pod.DisposeAsync();
        }

        _creation.Dispose();
        _memory.Dispose();
    }

    private static string ThisAssembly => typeof(TaskService).Assembly.GetName().Version?.ToString(3) ?? "";

    private PodContainer Find(string id) => _containers.TryGetValue(id, out var found) ? found : throw ShimException.NotFound($"There is no container {id}.");

    private async Task<PodContainer> CreateSandboxAsync(CreateTaskRequest request, BundleSpec spec, CancellationToken cancellationToken)
    {
        await StartPodAsync(request, spec, cancellationToken);
        return new PodContainer(request.Id, request.Bundle, spec)
        {
            Task = new SandboxTask(new ProcessName(request.Id, ""), IoOf(request), Pod.ReleaseAsync, clock),
        };
    }

    private async Task<PodContainer> CreateSingleAsync(CreateTaskRequest request, BundleSpec spec, CancellationToken cancellationToken)
    {
        await StartPodAsync(request, spec, cancellationToken);
        try
        {
            return await CreateContainerAsync(request, spec, cancellationToken);
        }
        catch
        {
            await EndPodAsync();
            throw;
        }
    }

    private async Task<PodContainer> CreateContainerAsync(CreateTaskRequest request, BundleSpec spec, CancellationToken cancellationToken)
    {
        var guest = await Pod.PrepareAsync(spec, request.Rootfs, [.. AllResources, spec.Resources], cancellationToken);
        PodContainer container = null!;
        var task = new GuestTask(
            new ProcessName(request.Id, ""), IoOf(request),
            (size, token) => Pod.Guest.RunAsync(
                new ProcessStart(request.Id, guest.Config) { Input = request.Stdin.Length > 0, Terminal = size }, token),
            () => EndContainerAsync(container), log, clock);
        container = new PodContainer(request.Id, request.Bundle, spec) { Guest = guest, Task = task };
        return container;
    }

    private async Task StartPodAsync(CreateTaskRequest request, BundleSpec spec, CancellationToken cancellationToken)
    {
        if (_pod is not null)
        {
            throw new ShimException(Grpc.Core.StatusCode.AlreadyExists, $"This shim has the pod of another sandbox than {request.Id} already.");
        }

        _pod = await Pod.StartAsync(spec, request.Options, containerdNamespace, remember, log, clock, cancellationToken);
        _ = WatchAsync(_pod);
    }

    /// <summary>Whatever ends the VM or the conversation with its guest ends the pod: containers by their connection, the sandbox here.</summary>
    private async Task WatchAsync(Pod pod)
    {
        var broken = await Task.WhenAny(pod.Ended, pod.Guest.Ended);
        if (broken == pod.Guest.Ended)
        {
            log.Warning($"The conversation with the guest has ended: {(await pod.Guest.Ended).Message}");
        }

        try
        {
            await pod.ReleaseAsync();
        }
        catch (ShimException e)
        {
            log.Warning($"The pod's VM could not be given back: {e.Message}");
        }

        foreach (var sandbox in _containers.Values.Where(c => c.Guest is null))
        {
            sandbox.Task.End(new ProcessEnd(ProcessEnd.Killed, clock.GetUtcNow()));
        }
    }

    private async Task TellEndAsync(TaskProcess process)
    {
        var end = await process.Ended;
        events.Ended(process.Name, Pid, end);
    }

    /// <summary>Other processes of a container end with its first, and their ends are told before.</summary>
    /// <returns>Whether the guest's kernel has killed any of its processes for want of memory: as with runc, the container is said to have been.</returns>
    private async Task<bool> EndContainerAsync(PodContainer container)
    {
        foreach (var exec in container.Execs.Where(e => e.State == ProcessState.Running))
        {
            try
            {
                await exec.KillAsync(Signals.Kill, everyone: false, CancellationToken.None);
                await exec.Ended.WaitAsync(ExecPatience, clock);
            }
            catch (Exception e) when (e is ShimException or TimeoutException or OwnerPort.Errors.OwnerPortException)
            {
                log.Debug($"{exec.Name}: {e.Message}");
            }
        }

        var starved = await HasStarvedAsync(container);
        await Pod.EndAsync(container.Guest!);
        return starved;
    }

    private async Task<bool> HasStarvedAsync(PodContainer container)
    {
        try
        {
            return (await Pod.Guest.CountAsync(container.Id, CancellationToken.None)).OutOfMemoryKills > 0;
        }
        catch (Exception e) when (e is TimeoutException or OwnerPort.Errors.OwnerPortException or OwnerPort.Errors.GuestRefusedException)
        {
            // Of a VM that is gone, or a container that never ran.
            log.Debug($"{container.Id}: {e.Message}");
            return false;
        }
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
            await Pod.RemoveAsync(container.Id);
        }
        else
        {
            await Pod.ReleaseAsync();
        }
    }

    private async Task EndPodAsync()
    {
        var pod = Pod;
        _pod = null;
        await pod.ReleaseAsync();
        await pod.DisposeAsync();
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
            ? Pod.UpdateAsync(container.Id, limits, cancellationToken)
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

    private static ProcessIo IoOf(CreateTaskRequest request) => new(request.Stdin, request.Stdout, request.Stderr, request.Terminal);
}

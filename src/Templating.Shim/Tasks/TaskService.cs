using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;

namespace Templating.Shim.Tasks;

/// <summary>containerd's calls: reads what is asked, refuses what cannot be meant, and says what <see cref="PodTasks"/> have done.</summary>
internal sealed class TaskService(PodTasks tasks, IdleMemory memory) : ITaskService
{
    /// <summary>Linux has no more.</summary>
    private const int LastSignal = 64;

    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When containerd has no use for this process any more.</summary>
    public Task Shutdown => _shutdown.Task;

    public async Task<CreateTaskResponse> CreateAsync(CreateTaskRequest request, CancellationToken cancellationToken)
    {
        if (request.Checkpoint.Length > 0)
        {
            throw ShimException.Unimplemented("A container of a VM cannot be restored from a checkpoint.");
        }

        var wanted = new NewTask(
            request.Id, request.Bundle, BundleSpec.Read(request.Bundle), new ProcessIo(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
            request.Rootfs, request.Options);
        await tasks.CreateAsync(wanted, cancellationToken);
        memory.Touch();
        return new CreateTaskResponse { Pid = tasks.Pid };
    }

    public async Task<StartResponse> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        await tasks.StartAsync(request.Id, request.ExecId, cancellationToken);
        memory.Touch();
        return new StartResponse { Pid = tasks.Pid };
    }

    public async Task<DeleteResponse> DeleteAsync(DeleteRequest request, CancellationToken cancellationToken)
    {
        var end = await tasks.DeleteAsync(request.Id, request.ExecId);
        return new DeleteResponse { Pid = tasks.Pid, ExitStatus = end.Status, ExitedAt = Timestamp.FromDateTimeOffset(end.At) };
    }

    public Task ExecAsync(ExecProcessRequest request, CancellationToken cancellationToken)
    {
        if (request.ExecId.Length == 0)
        {
            throw ShimException.Invalid("exec_id is empty; expected the new process' name.");
        }

        tasks.AddExec(
            request.Id, request.ExecId, new ProcessIo(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
            request.Spec?.Value.ToByteArray() ?? []);
        return Task.CompletedTask;
    }

    public Task KillAsync(KillRequest request, CancellationToken cancellationToken) => request.Signal is 0 or > LastSignal
        ? throw ShimException.Invalid($"Signal {request.Signal} is none: expected 1 to {LastSignal}.")
        : tasks.KillAsync(request.Id, request.ExecId, (int)request.Signal, request.All, cancellationToken);

    public async Task<StateResponse> StateAsync(StateRequest request, CancellationToken cancellationToken)
    {
        var process = tasks.Find(request.Id, request.ExecId);
        var response = new StateResponse
        {
            Id = request.Id,
            Bundle = tasks.Find(request.Id).Bundle,
            Pid = tasks.Pid,
            Status = process.State switch
            {
                ProcessState.Running => tasks.IsPaused ? Status.Paused : Status.Running,
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
        var end = await tasks.Find(request.Id, request.ExecId).Ended.WaitAsync(cancellationToken);
        return new WaitResponse { ExitStatus = end.Status, ExitedAt = Timestamp.FromDateTimeOffset(end.At) };
    }

    public Task<PidsResponse> PidsAsync(PidsRequest request, CancellationToken cancellationToken)
    {
        _ = tasks.Find(request.Id);
        return Task.FromResult(new PidsResponse { Processes = { new ProcessInfo { Pid = tasks.Pid } } });
    }

    public async Task<StatsResponse> StatsAsync(StatsRequest request, CancellationToken cancellationToken) => new()
    {
        Stats = await tasks.CountAsync(request.Id, cancellationToken) is { } counts
            ? HostMetrics.OfContainer(counts)
            : HostMetrics.OfVm(VmUsage.Read((int)tasks.Pid)),
    };

    public Task UpdateAsync(UpdateTaskRequest request, CancellationToken cancellationToken)
    {
        var resources = (request.Resources?.Value ?? Google.Protobuf.ByteString.Empty).Span;
        return tasks.UpdateAsync(request.Id, SpecResources.Parse(resources), ContainerUpdate.Parse(resources), cancellationToken);
    }

    public Task PauseAsync(PauseRequest request, CancellationToken cancellationToken) => tasks.PauseAsync(request.Id, cancellationToken);

    public Task ResumeAsync(ResumeRequest request, CancellationToken cancellationToken) => tasks.ResumeAsync(request.Id, cancellationToken);

    public Task CheckpointAsync(CheckpointTaskRequest request, CancellationToken cancellationToken) =>
        throw ShimException.Unimplemented("A container of a VM cannot be checkpointed.");

    public Task ResizePtyAsync(ResizePtyRequest request, CancellationToken cancellationToken)
    {
        if (request.Height > ushort.MaxValue || request.Width > ushort.MaxValue)
        {
            throw ShimException.Invalid($"The size {request.Width} x {request.Height} is none: expected at most {ushort.MaxValue} each.");
        }

        return tasks.Find(request.Id, request.ExecId).ResizeAsync(new WindowSize((ushort)request.Height, (ushort)request.Width), cancellationToken);
    }

    public Task CloseIOAsync(CloseIORequest request, CancellationToken cancellationToken) =>
        request.Stdin ? tasks.Find(request.Id, request.ExecId).CloseInputAsync(cancellationToken) : Task.CompletedTask;

    public Task<ConnectResponse> ConnectAsync(ConnectRequest request, CancellationToken cancellationToken) => Task.FromResult(new ConnectResponse
    {
        ShimPid = (uint)Environment.ProcessId,
        TaskPid = tasks.PidOf(request.Id),
        Version = ShimVersion.Text,
    });

    public Task ShutdownAsync(ShutdownRequest request, CancellationToken cancellationToken)
    {
        // containerd asks after each task; only the last one's ends the pod's shim.
        if (request.Now || tasks.IsEmpty)
        {
            _shutdown.TrySetResult();
        }

        return Task.CompletedTask;
    }
}

using Templating.Shim.Protocol.Tasks;

namespace Templating.Shim.Tasks;

/// <summary>
/// What containerd asks of a shim (containerd.task.v2.Task). Calls that change something are not cancelled when containerd's connection
/// ends: it may come back, and half of a change would be left.
/// </summary>
internal interface ITaskService
{
    Task<StateResponse> StateAsync(StateRequest request, CancellationToken cancellationToken);

    Task<CreateTaskResponse> CreateAsync(CreateTaskRequest request, CancellationToken cancellationToken);

    Task<StartResponse> StartAsync(StartRequest request, CancellationToken cancellationToken);

    Task<DeleteResponse> DeleteAsync(DeleteRequest request, CancellationToken cancellationToken);

    Task<PidsResponse> PidsAsync(PidsRequest request, CancellationToken cancellationToken);

    Task PauseAsync(PauseRequest request, CancellationToken cancellationToken);

    Task ResumeAsync(ResumeRequest request, CancellationToken cancellationToken);

    Task CheckpointAsync(CheckpointTaskRequest request, CancellationToken cancellationToken);

    Task KillAsync(KillRequest request, CancellationToken cancellationToken);

    Task ExecAsync(ExecProcessRequest request, CancellationToken cancellationToken);

    Task ResizePtyAsync(ResizePtyRequest request, CancellationToken cancellationToken);

    Task CloseIOAsync(CloseIORequest request, CancellationToken cancellationToken);

    Task UpdateAsync(UpdateTaskRequest request, CancellationToken cancellationToken);

    Task<WaitResponse> WaitAsync(WaitRequest request, CancellationToken cancellationToken);

    Task<StatsResponse> StatsAsync(StatsRequest request, CancellationToken cancellationToken);

    Task<ConnectResponse> ConnectAsync(ConnectRequest request, CancellationToken cancellationToken);

    Task ShutdownAsync(ShutdownRequest request, CancellationToken cancellationToken);
}

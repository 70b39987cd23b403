using Google.Protobuf.WellKnownTypes;
using Templating.Shim.Events;
using Templating.Shim.Protocol.Events;
using Templating.Shim.Protocol.Tasks;

namespace Templating.Shim.Tasks;

/// <summary>What containerd is told of tasks, by topic; of each task in the order create, start, exit, delete.</summary>
internal sealed class TaskEvents(EventPublisher publisher)
{
    public void Created(CreateTaskRequest request, uint pid) => publisher.Publish("/tasks/create", new TaskCreate
    {
        ContainerId = request.Id,
        Bundle = request.Bundle,
        Rootfs = { request.Rootfs },
        Io = new TaskIO { Stdin = request.Stdin, Stdout = request.Stdout, Stderr = request.Stderr, Terminal = request.Terminal },
        Checkpoint = request.Checkpoint,
        Pid = pid,
    });

    public void Started(ProcessName name, uint pid)
    {
        if (name.IsTask)
        {
            publisher.Publish("/tasks/start", new TaskStart { ContainerId = name.Container, Pid = pid });
        }
        else
        {
            publisher.Publish("/tasks/exec-started", new TaskExecStarted { ContainerId = name.Container, ExecId = name.Exec, Pid = pid });
        }
    }

    public void ExecAdded(ProcessName name) => publisher.Publish("/tasks/exec-added", new TaskExecAdded { ContainerId = name.Container, ExecId = name.Exec });

    public void Ended(ProcessName name, uint pid, ProcessEnd end)
    {
        if (end.OutOfMemory)
        {
            publisher.Publish("/tasks/oom", new TaskOOM { ContainerId = name.Container });
        }

        publisher.Publish("/tasks/exit", new TaskExit
        {
            ContainerId = name.Container,
            Id = name.EventId,
            Pid = pid,
            ExitStatus = end.Status,
            ExitedAt = Timestamp.FromDateTimeOffset(end.At),
        });
    }

    public void Deleted(string container, uint pid, ProcessEnd end) => publisher.Publish("/tasks/delete", new TaskDelete
    {
        ContainerId = container,
        Pid = pid,
        ExitStatus = end.Status,
        ExitedAt = Timestamp.FromDateTimeOffset(end.At),
    });

    public void Paused(string container) => publisher.Publish("/tasks/paused", new TaskPaused { ContainerId = container });

    public void Resumed(string container) => publisher.Publish("/tasks/resumed", new TaskResumed { ContainerId = container });
}

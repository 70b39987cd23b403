using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.Shim.Protocol.Events;

namespace Templating.Shim.Tasks;

/// <summary>What containerd is told of tasks, by topic; of each task in the order create, start, exit, delete.</summary>
/// <param name="publish">By its topic; it does not wait.</param>
internal sealed class TaskEvents(Action<string, IMessage> publish)
{
    public void Created(NewTask task, uint pid) => publish("/tasks/create", new TaskCreate
    {
        ContainerId = task.Id,
        Bundle = task.Bundle,
        Rootfs = { task.Rootfs },
        Io = new TaskIO { Stdin = task.Io.Input, Stdout = task.Io.Output, Stderr = task.Io.Error, Terminal = task.Io.Terminal },
        Pid = pid,
    });

    public void Started(ProcessName name, uint pid)
    {
        if (name.IsTask)
        {
            publish("/tasks/start", new TaskStart { ContainerId = name.Container, Pid = pid });
        }
        else
        {
            publish("/tasks/exec-started", new TaskExecStarted { ContainerId = name.Container, ExecId = name.Exec, Pid = pid });
        }
    }

    public void ExecAdded(ProcessName name) => publish("/tasks/exec-added", new TaskExecAdded { ContainerId = name.Container, ExecId = name.Exec });

    public void Ended(ProcessName name, uint pid, ProcessEnd end)
    {
        if (end.OutOfMemory)
        {
            publish("/tasks/oom", new TaskOOM { ContainerId = name.Container });
        }

        publish("/tasks/exit", new TaskExit
        {
            ContainerId = name.Container,
            Id = name.EventId,
            Pid = pid,
            ExitStatus = end.Status,
            ExitedAt = Timestamp.FromDateTimeOffset(end.At),
        });
    }

    public void Deleted(string container, uint pid, ProcessEnd end) => publish("/tasks/delete", new TaskDelete
    {
        ContainerId = container,
        Pid = pid,
        ExitStatus = end.Status,
        ExitedAt = Timestamp.FromDateTimeOffset(end.At),
    });

    public void Paused(string container) => publish("/tasks/paused", new TaskPaused { ContainerId = container });

    public void Resumed(string container) => publish("/tasks/resumed", new TaskResumed { ContainerId = container });
}

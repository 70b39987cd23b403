namespace Templating.Shim.Tasks;

/// <summary>Of a task or another process: created, starting, running, stopped, and nothing backwards.</summary>
internal enum ProcessState
{
    Created,
    Starting,
    Running,
    Stopped,
}

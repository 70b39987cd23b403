namespace Templating.Shim.Tasks;

/// <param name="Container">containerd's id of the task.</param>
/// <param name="Exec">Of another process in it; empty for its first.</param>
internal readonly record struct ProcessName(string Container, string Exec)
{
    public bool IsTask => Exec.Length == 0;

    /// <summary>As events have it: the container's id again for its first process.</summary>
    public string EventId => IsTask ? Container : Exec;

    public override string ToString() => IsTask ? $"container {Container}" : $"process {Exec} of container {Container}";
}

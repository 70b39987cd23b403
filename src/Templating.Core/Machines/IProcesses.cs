namespace Templating.Core.Machines;

/// <summary>Processes of the node that are not the daemon's own.</summary>
public interface IProcesses
{
    /// <summary>Null where there is no process of that number.</summary>
    IProcess? Watch(int pid);
}

/// <summary>One process, whatever runs under its number later. Disposing it ends the watch alone.</summary>
public interface IProcess : IDisposable
{
    VmProcessId Id { get; }

    /// <summary>The user it runs as; null where it has ended.</summary>
    uint? User { get; }

    /// <summary>Done when it has ended, at once; never where it is not watched any more. Never faults.</summary>
    Task Ended { get; }
}

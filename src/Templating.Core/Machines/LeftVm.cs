namespace Templating.Core.Machines;

/// <summary>A VM that a daemon before this one left, and that is not to live on.</summary>
/// <param name="Folder">Where its sockets and its output are.</param>
/// <param name="Process">What was noted of its process; null where nobody lived to note it.</param>
public sealed record LeftVm(VmFolder Folder, VmProcessId? Process = null);

/// <summary>A process that was told to end and is still there: one that hangs in the kernel dies when the kernel lets it.</summary>
/// <param name="Folder">Of its VM.</param>
/// <param name="Pid">Its number.</param>
/// <param name="Uid">The user it runs as; nobody else may be given that one.</param>
public sealed record LingeringVm(VmFolder Folder, int Pid, uint Uid);

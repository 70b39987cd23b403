using Microsoft.Extensions.Logging;

namespace Templating.Qemu.Base;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "VM process {Pid} ended: {Reason}")]
    public static partial void Exited(ILogger logger, int pid, string reason);

    [LoggerMessage(2, LogLevel.Debug, "VM process {Pid} is to be killed: {Reason}")]
    public static partial void GraceOver(ILogger logger, int pid, string reason);

    [LoggerMessage(3, LogLevel.Debug, "Started VM process {Pid}: {Arguments}")]
    public static partial void Started(ILogger logger, int pid, string arguments);

    [LoggerMessage(4, LogLevel.Information, "QEMU {Version} at {Path}, machine {Machine}, accelerator {Accelerator}")]
    public static partial void Probed(
        ILogger logger, string version, string path, string machine, Core.Machines.Accelerator accelerator);

    [LoggerMessage(5, LogLevel.Information, "KVM is not used: {Problem}")]
    public static partial void KvmUnusable(ILogger logger, string problem);

    [LoggerMessage(6, LogLevel.Debug, "VM process {Pid} cannot be adopted: {Problem}")]
    public static partial void NotAdopted(ILogger logger, int pid, string problem);

    [LoggerMessage(7, LogLevel.Warning, "Ends VM process {Pid} that a dead daemon left in {Path}")]
    public static partial void Reaped(ILogger logger, int pid, string path);

    [LoggerMessage(8, LogLevel.Error, "VM process {Pid} in {Path} was killed and is still there: it hangs in the kernel ('cat /proc/{Pid}/stack' says where). Its user id is given to nobody")]
    public static partial void Lingers(ILogger logger, int pid, string path);

    [LoggerMessage(9, LogLevel.Error, "VM process {Pid} that a dead daemon left cannot be ended: {Problem}")]
    public static partial void NotReaped(ILogger logger, int pid, string problem);

    [LoggerMessage(10, LogLevel.Warning, "VMs see the files and the network of this host as the daemon does: it has not the right (CAP_SYS_ADMIN, CAP_SYS_CHROOT) to give them namespaces of their own")]
    public static partial void Unconfined(ILogger logger);
}

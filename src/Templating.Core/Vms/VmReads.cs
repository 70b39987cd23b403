using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>What can be had of a VM without changing anything about its life.</summary>
internal static class VmReads
{
    /// <returns>Null where it has ended, and its owner keeps what its guest printed last.</returns>
    /// <exception cref="TemplatingException">IllegalState.</exception>
    public static IConsole? OpenConsole(this VmLife life) =>
        !VmOperations.Legal[VmOperation.Console].Contains(life.View.State) ? throw life.Illegal(VmOperation.Console)
        : life.Vm is { } vm ? vm.Console
        : life.Printed is { } printed ? new EndedConsole(printed)
        : null;

    /// <summary>Null while there is nothing to read.</summary>
    public static async Task<VmMemory?> ReadMemoryAsync(this VmLife life, CancellationToken cancellationToken) =>
        VmOperations.Legal[VmOperation.ReadMemory].Contains(life.View.State) && life.Vm is { } vm and not LateVm { Answered.IsCompleted: false }
            ? await vm.ReadMemoryAsync(cancellationToken)
            : null;

    /// <summary>The parts of its memory's file, and of its images, that it has used; empty while there is nothing to read.</summary>
    public static async Task<IReadOnlyList<IReadOnlyList<FileRange>>> ReadUsedAsync(this VmLife life) =>
        VmOperations.Legal[VmOperation.ReadMemory].Contains(life.View.State) && life.Vm is { } vm and not LateVm { Answered.IsCompleted: false }
            ? await WorkThread.RunAsync("used-pages", vm.ReadUsedPages, WorkThread.Low)
            : [];

    /// <summary>What its process has run so far; null while there is none.</summary>
    public static TimeSpan? ReadCpuTime(this VmLife life) =>
        life.Vm is { Process: var process } ? ProcessStat.ReadCpuTime(process.Pid, process.StartTime) : null;
}

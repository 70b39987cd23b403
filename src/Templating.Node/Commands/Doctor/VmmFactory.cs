using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;

namespace Templating.Node.Commands.Doctor;

/// <summary>The doctor's own monitor: it probes, with no daemon's options and no log.</summary>
internal static class VmmFactory
{
    /// <param name="qemuPath">Null for the one in the PATH.</param>
    public static IVmm Create(string? qemuPath)
    {
        var options = new QemuOptions { Blanks = true };
        return new QemuVmm(qemuPath is null ? options : options with { QemuPath = qemuPath }, TimeProvider.System, NullLogger<QemuVmm>.Instance);
    }
}

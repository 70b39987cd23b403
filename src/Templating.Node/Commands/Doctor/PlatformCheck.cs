using System.Runtime.InteropServices;

namespace Templating.Node.Commands.Doctor;

internal sealed class PlatformCheck : IHostCheck
{
    // pidfd_open(2), by which the daemon sees a VM's end at once, came with 5.3.
    private static readonly Version Needed = new(5, 3);

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken)
    {
        var release = target.Read("/proc/sys/kernel/osrelease").Trim();
        return Task.FromResult<IReadOnlyList<Finding>>(
        [
            OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
                ? new Finding("platform", Verdict.Pass, "Linux on x86-64")
                : new Finding("platform", Verdict.Fail, RuntimeInformation.RuntimeIdentifier, "Use a Linux machine with an x86-64 CPU."),
            Kernel(release),
            target.User == 0
                ? new Finding("user", Verdict.Pass, "root: each VM gets a user id of its own")
                : new Finding("user", Verdict.Warn, $"uid {target.User}: VMs would run as that user, with its rights", "Run the daemon as root, so that each VM gets a user id of its own."),
        ]);
    }

    private static Finding Kernel(string release)
    {
        var number = new string([.. release.TakeWhile(c => char.IsAsciiDigit(c) || c == '.')]).TrimEnd('.');
        return !Version.TryParse(number, out var version)
            ? new Finding("kernel", Verdict.Warn, release.Length == 0 ? "Its release cannot be read" : release, $"Linux {Needed} or later is needed.")
            : version >= Needed
                ? new Finding("kernel", Verdict.Pass, release)
                : new Finding("kernel", Verdict.Fail, release, $"Linux {Needed} or later is needed; Debian 12 has 6.1.");
    }
}

using Templating.Cli.Terminals;

namespace Templating.Node.Commands.Doctor;

internal sealed class ToolsCheck : IHostCheck
{
    private const int OpenFiles = 7;
    private const ulong Comfortable = 16 * 1024;

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Finding>>([Setpriv(target), Passt(target), Erofs(target), Jail(target), Files()]);

    private static Finding Setpriv(DoctorTarget target)
    {
        var found = target.SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Append("/usr/bin")
            .Select(folder => target.At(Path.Combine(folder, "setpriv"))).FirstOrDefault(File.Exists);
        return found is null
            ? new Finding("setpriv", Verdict.Fail, "Not found; what QEMU can do is probed through it, images are made through it, and VMs of pods start through it", "apt install util-linux")
            : new Finding("setpriv", Verdict.Pass, found);
    }

    private static Finding Passt(DoctorTarget target) => File.Exists(target.At("/usr/bin/passt"))
        ? new Finding("passt", Verdict.Pass, "/usr/bin/passt")
        : new Finding("passt", Verdict.Warn, "Not found; guests with outbound need it", "apt install passt");

    private static Finding Erofs(DoctorTarget target) => File.Exists(target.At("/usr/bin/mkfs.erofs"))
        ? new Finding("mkfs.erofs", Verdict.Pass, "/usr/bin/mkfs.erofs")
        : new Finding("mkfs.erofs", Verdict.Warn, "Not found; images of folders for running clones are made by it", "apt install erofs-utils");

    private static Finding Jail(DoctorTarget target) => target.User == 0
        ? new Finding("jail", Verdict.Pass, "VMs run without a view of the host's files and network")
        : new Finding(
            "jail", Verdict.Warn, $"Not root (uid {target.User}): VMs see the host's files as this user does",
            "Run the daemon as root; each VM then has a user and namespaces of its own.");

    // .NET raises the soft limit to the hard one when it starts, so the hard one counts.
    private static Finding Files()
    {
        var limit = default(LibC.ResourceLimit);
        if (LibC.Limit(OpenFiles, ref limit) != 0)
        {
            return new Finding("open files", Verdict.Warn, "The limit cannot be read: " + LibC.LastError());
        }

        return limit.Hard >= Comfortable
            ? new Finding("open files", Verdict.Pass, $"At most {limit.Hard}")
            : new Finding(
                "open files", Verdict.Warn, $"At most {limit.Hard}; each clone takes about eight",
                "Raise it: LimitNOFILE= in the daemon's systemd unit, or ulimit -Hn.");
    }
}

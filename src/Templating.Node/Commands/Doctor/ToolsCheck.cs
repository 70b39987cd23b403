using Templating.Cli.Terminals;

namespace Templating.Node.Commands.Doctor;

internal sealed class ToolsCheck : IHostCheck
{
    private const int OpenFiles = 7;
    private const ulong Comfortable = 16 * 1024;

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Finding>>([Setpriv(target), Files()]);

    private static Finding Setpriv(DoctorTarget target)
    {
        var found = target.SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Append("/usr/bin")
            .Select(folder => target.At(Path.Combine(folder, "setpriv"))).FirstOrDefault(File.Exists);
        return found is null
            ? new Finding("setpriv", Verdict.Fail, "Not found; QEMU is started through it, without privileges", "apt install util-linux")
            : new Finding("setpriv", Verdict.Pass, found);
    }

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

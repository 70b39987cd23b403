using Templating.Cli.Terminals;
using Templating.Contract;

namespace Templating.Node.Commands.Doctor;

/// <summary>A folder the daemon writes to. One that is missing is made by the daemon, if it may.</summary>
internal sealed class FolderCheck(string name, Func<DoctorTarget, string> path, string option, long fail, long warn) : IHostCheck
{
    private const int WriteAndSearch = 2 | 1;

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Finding>>([Look(path(target))]);

    private Finding Look(string folder)
    {
        if (File.Exists(folder))
        {
            return new Finding(name, Verdict.Fail, $"{folder} is not a folder", $"Move it away, or choose another with {option}.");
        }

        var there = Existing(folder);
        if (LibC.Access(there, WriteAndSearch) != 0)
        {
            return new Finding(
                name, Verdict.Fail, $"{there} cannot be written to: {LibC.LastError()}",
                $"Run as the daemon's user, make the folder for it, or choose another with {option}.");
        }

        var free = new DriveInfo(there).AvailableFreeSpace;
        var found = $"{folder}{(there.Length == folder.TrimEnd('/').Length ? "" : " (will be made)")}, {ByteSize.Format(free)} free";
        return free < fail
            ? new Finding(name, Verdict.Fail, found, $"At least {ByteSize.Format(fail)} are needed: make room, or choose another with {option}.")
            : free < warn
                ? new Finding(name, Verdict.Warn, found, $"{ByteSize.Format(warn)} are better: a template needs as much as its RAM while it is built.")
                : new Finding(name, Verdict.Pass, found);
    }

    /// <summary>The folder, or the nearest one above it that there is.</summary>
    public static string Existing(string folder)
    {
        var there = folder.TrimEnd('/');
        while (there.Length > 0 && !Directory.Exists(there))
        {
            there = Path.GetDirectoryName(there) ?? "";
        }

        return there.Length == 0 ? "/" : there;
    }
}

using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Node.Commands.Doctor;

/// <summary>A folder the daemon writes to, judged as the daemon does when it makes it or finds it there.</summary>
/// <param name="fail">Bytes without which nothing can be done in it.</param>
/// <param name="warn">Bytes without which what people mostly do cannot.</param>
internal sealed class FolderCheck(
    string name, Func<DoctorTarget, string> path, string option, Func<DoctorTarget, long> fail, Func<DoctorTarget, long> warn) : IHostCheck
{
    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Finding>>([Look(path(target), fail(target), warn(target))]);

    private Finding Look(string named, long least, long better)
    {
        string folder;
        try
        {
            folder = FileSystem.RealFolder(named);
        }
        catch (IOException e)
        {
            return new Finding(name, Verdict.Fail, e.Message, $"Or choose another with {option}.");
        }

        if (FileSystem.FindFolderProblem(folder) is { } problem)
        {
            return new Finding(name, Verdict.Fail, problem.Message, $"Mend that, run as the daemon's user, or choose another with {option}.");
        }

        // A rule about the kind of file system that the daemon applies to a folder has its place here.
        var there = FileSystem.NearestFolder(folder);
        var free = new DriveInfo(there).AvailableFreeSpace;
        var found = $"{folder}{(there.Length == folder.Length ? "" : " (will be made)")}, {ByteSize.Format(free)} free";
        return free < least
            ? new Finding(name, Verdict.Fail, found, $"At least {ByteSize.Format(least)} are needed: make room, or choose another with {option}.")
            : free < better
                ? new Finding(name, Verdict.Warn, found, $"A template of a machine whose spec says nothing of its memory needs {ByteSize.Format(better)} while it is built.")
                : new Finding(name, Verdict.Pass, found);
    }
}

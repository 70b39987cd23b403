using System.Security.Cryptography;

namespace Templating.Testing.Nodes;

/// <summary>A store and a run folder of a test's own, with paths short enough for sockets. VMs' users may pass through.</summary>
public sealed class NodeFolder : IDisposable
{
    private const UnixFileMode PassThrough = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static long _made;

    public NodeFolder()
    {
        Directory.CreateDirectory(Path, PassThrough);
        Directory.CreateDirectory(Store, PassThrough);
    }

    /// <summary>The first of the users of its VMs: of other daemons of this process, and hardly of one of another process.</summary>
    public string FirstUid { get; } = $"{1_000_000_000 + (Environment.ProcessId % 10_000 * 100_000L) + (Interlocked.Increment(ref _made) % 1000 * 100L)}";

    /// <summary>How many there are.</summary>
    public const string UserCount = "100";

    public string Path { get; } = "/tmp/n" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    public string Store => System.IO.Path.Combine(Path, "s");

    public string Run => System.IO.Path.Combine(Path, "r");

    public string Socket => System.IO.Path.Combine(Run, "templating.sock");

    public string Clones => System.IO.Path.Combine(Run, "clones");

    /// <summary>Of VMs that wait for their template.</summary>
    public string Blanks => System.IO.Path.Combine(Run, "blanks");

    public string Builds => System.IO.Path.Combine(Run, "builds");

    public string Staging => System.IO.Path.Combine(Store, "staging");

    public string LogFile => System.IO.Path.Combine(Path, "log");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The folder of a revision, by the template's name on the wire.</summary>
    public string RevisionFolder(string template)
    {
        var parts = template.Split('/');
        return System.IO.Path.Combine(Store, "templates", parts[1], parts[3], parts[5]);
    }

    /// <summary>
    /// What is there of VMs and builds: processes, their folders, staged files. Empty when all has been cleaned up. What waits for its template
    /// belongs to the daemon, and ends with it.
    /// </summary>
    public IReadOnlyList<string> LeftOvers() =>
    [
        .. VmProcesses.Of(Run).Except(VmProcesses.Of(Blanks)).Select(pid => $"process {pid}"),
        .. Entries(Clones), .. Entries(Builds), .. Entries(Staging),
    ];

    /// <summary>As <see cref="LeftOvers"/>, but a clean-up under way gets time to end.</summary>
    /// <exception cref="TimeoutException">Something is left; it says what.</exception>
    public Task<IReadOnlyList<string>> LeftOversAsync(CancellationToken cancellationToken) => Eventually.SeeAsync(
        () => Task.FromResult<IReadOnlyList<string>?>(LeftOvers()), left => left.Count == 0, "nothing is left",
        explain: left => Task.FromResult(string.Join(", ", left!)), cancellationToken: cancellationToken);

    public void Dispose()
    {
        foreach (var pid in VmProcesses.Of(Run))
        {
            Signals.Send(pid, Signals.Kill);
        }

        // A test may have mounted small disks there.
        _ = Mounts.Detach(Store);
        _ = Mounts.Detach(Run);
        Directory.Delete(Path, recursive: true);
    }

    private static IEnumerable<string> Entries(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder) : [];
}

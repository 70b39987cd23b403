using System.Globalization;
using System.IO.Pipes;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Images;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Process;

namespace Templating.Qemu.Images;

/// <summary>
/// mkfs.erofs(1) as a user of its own, which may read everything and do nothing else (<see cref="BuilderRoot"/>). It ends with the
/// daemon, at its deadline, and when nobody wants the image any more.
/// </summary>
/// <param name="users">Whom it runs as; null for the daemon's own user.</param>
/// <param name="time">Of its deadline.</param>
public sealed class ErofsBuilder(VmUserPool? users, TimeProvider time) : IImageBuilder, IDisposable
{
    internal const string Program = "/usr/bin/mkfs.erofs";

    private const string Prlimit = "/usr/bin/prlimit";
    private const string Setpriv = "/usr/bin/setpriv";
    private const string Capability = "-all,+dac_read_search";

    /// <summary>Uncompressed and with no data beside the inodes, or guests cannot map the files (DAX) and read them into their own memory.</summary>
    private static readonly string[] Options =
        ["--quiet", "-Enoinline_data", "-U", "7c1f4a52-3f0e-4c8a-9d55-5b0a6c0e1d01", BuilderRoot.Output, BuilderRoot.Tree];

    /// <summary>About 600 bytes for each inode, of which there is no more than a million by default.</summary>
    private const long MemoryBytes = 4L << 30;

    private const int MaxSaid = 16 * 1024;

    private readonly ProcessWatcher _watcher = new();

    /// <inheritdoc/>
    public string Version => "erofs 1, noinline";

    /// <summary>Whether the tool is there.</summary>
    public static bool IsInstalled => File.Exists(Program);

    /// <inheritdoc/>
    public SafeFileHandle Merge(IReadOnlyList<SafeFileHandle> layers, bool isOverlay)
    {
        Require();
        return isOverlay ? MergedTree.Overlay(layers) : MergedTree.Of(layers[0]);
    }

    /// <inheritdoc/>
    public async Task BuildAsync(SafeFileHandle tree, string path, ImageLimits limits, CancellationToken cancellationToken)
    {
        Require();
        using var user = users?.Rent();
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadWrite, out _);
        if (user is not null)
        {
            FileSystem.Check(LibC.ChangeOwner(file, user.User.Uid, user.User.Gid), "give away", path);
        }

        var (exit, said) = await RunAsync(tree, path, user?.User, limits, cancellationToken);
        FileSystem.Check(LibC.ChangeOwner(file, LibC.EffectiveUser(), LibC.EffectiveGroup()), "take back", path);
        if (exit is not { ExitCode: 0 })
        {
            throw Failure(exit, said, path, limits);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watcher.Dispose();

    private static void Require()
    {
        if (!IsInstalled)
        {
            throw new TemplatingException(ErrorCode.HostUnusable, $"Images are made by {Program}, which is not there. Install the package erofs-utils on the node.");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            throw new TemplatingException(ErrorCode.HostUnusable, "Images of folders can be made only by a daemon that is root: it mounts them, and reads what is others'. Run it as root, or publish a file.");
        }
    }

    private async Task<(ProcessExit Exit, string Said)> RunAsync(
        SafeFileHandle tree, string path, VmUser? user, ImageLimits limits, CancellationToken cancellationToken)
    {
        await using var output = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        using var starter = new BuilderThread(tree, path, new SpawnRequest
        {
            Arguments = Arguments(user, limits),
            Output = output.ClientSafePipeHandle.DangerousGetHandle().ToInt32(),
            MaxFileBytes = limits.Bytes,
        });

        // Never left while it might be running: the file is its own until it has ended.
        var process = _watcher.Watch(starter.Start(), isChild: true)!;
        output.DisposeLocalCopyOfClientHandle();
        using var deadline = new CancellationTokenSource(limits.Time, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        await using var killing = either.Token.UnsafeRegister(_ => process.Kill(), null);
        var said = await ReadAsync(output);
        var exit = await process.Exited;
        cancellationToken.ThrowIfCancellationRequested();
        return deadline.IsCancellationRequested
            ? throw new TemplatingException(ErrorCode.ImageBuildFailed,
                $"The image was not made within {limits.Time.TotalSeconds:0} s. Make the tree smaller, or ask the operator to raise --images-build-timeout.")
            : (exit, said);
    }

    /// <summary>Prlimit and setpriv become the next by exec: one process, the first of its namespace, with which all others there end.</summary>
    private static List<string> Arguments(VmUser? user, ImageLimits limits)
    {
        List<string> words =
        [
            Prlimit, string.Create(CultureInfo.InvariantCulture, $"--as={MemoryBytes}"),
            string.Create(CultureInfo.InvariantCulture, $"--cpu={(long)limits.Time.TotalSeconds + 1}"), "--nofile=1024", "--nproc=16", Setpriv,
        ];
        if (user is not null)
        {
            words.AddRange(["--reuid", user.Uid.ToString(CultureInfo.InvariantCulture), "--regid", user.Gid.ToString(CultureInfo.InvariantCulture), "--clear-groups"]);
        }

        words.AddRange(
        [
            "--bounding-set=" + Capability, "--inh-caps=" + Capability, "--ambient-caps=" + Capability, "--no-new-privs", "--pdeathsig", "KILL", "--",
            Program, .. Options,
        ]);
        return words;
    }

    /// <summary>All is read, or it would wait for a reader; the end of it is kept.</summary>
    private static async Task<string> ReadAsync(Stream output)
    {
        var kept = new byte[2 * MaxSaid];
        var length = 0;
        int read;
        while ((read = await output.ReadAsync(kept.AsMemory(length), CancellationToken.None)) > 0)
        {
            length += read;
            if (length > MaxSaid)
            {
                kept.AsSpan(length - MaxSaid, MaxSaid).CopyTo(kept);
                length = MaxSaid;
            }
        }

        return Encoding.UTF8.GetString(kept, 0, length);
    }

    private static TemplatingException Failure(ProcessExit exit, string said, string path, ImageLimits limits)
    {
        if (said.Contains("No space left on device", StringComparison.Ordinal))
        {
            return HostFailure.Find(Errno.NoSpace, "mkfs.erofs found no room", path)!;
        }

        if (said.Contains("File too large", StringComparison.Ordinal))
        {
            return new TemplatingException(ErrorCode.ImageBuildFailed,
                $"The image would have more than the {limits.Bytes} bytes that are allowed. Make the tree smaller, or ask the operator to raise --images-max-bytes.");
        }

        var last = said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        var how = exit.Signal is { } signal ? $"was ended by signal {signal}" : $"ended with {exit.ExitCode}";
        return new TemplatingException(ErrorCode.ImageBuildFailed,
            $"mkfs.erofs {how}{(last is null ? " and said nothing" : $": {Quote.Text(last)}")}. Look for files of a kind that it cannot store.");
    }
}

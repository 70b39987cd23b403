using System.Globalization;
using System.Text;
using Templating.Core.Linux;
using Templating.Shim.Errors;
using Templating.Shim.Host;

namespace Templating.Shim.Commands;

/// <summary>
/// Called by containerd for each container: starts the server of its pod, or finds it, and tells where it listens. It does not read what containerd
/// writes to its input: the same options come with the task.
/// </summary>
internal static class StartCommand
{
    private const int MaxScore = 1000;

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);

    /// <param name="arguments">containerd's.</param>
    /// <param name="folders">Where shims have their files.</param>
    /// <param name="bundle">Of the container, absolute.</param>
    /// <param name="executable">The server: this program.</param>
    /// <returns>The server's address: all that containerd wants to read.</returns>
    /// <exception cref="ShimException">It cannot be started.</exception>
    public static async Task<string> RunAsync(ShimArguments arguments, ShimFolders folders, string bundle, string executable)
    {
        var group = PodGroup.Read(bundle, arguments.Id);
        var place = folders.PlaceOf(arguments.Address, arguments.Namespace, group.Id);
        FileSystem.MakeFolder(folders.Run, FileSystem.OwnerOnlyFolder);
        FileSystem.MakeMissingFolder(folders.Sockets);
        using (await PodLock.TakeAsync(place.Lock, LockPatience, TimeProvider.System))
        {
            if (!PodSocket.Answers(place.Socket))
            {
                if (group.IsMember)
                {
                    throw ShimException.NotFound($"The shim of the pod {group.Id} has ended, and its VM with it: the pod must be made anew.");
                }

                StartServer(arguments, place, bundle, executable);
            }
        }

        // By it containerd 1.6 and 1.7 find the server again after their restart.
        SmallFile.Replace(Path.Combine(bundle, "address"), Encoding.UTF8.GetBytes(place.Address));
        return place.Address;
    }

    private static void StartServer(ShimArguments arguments, PodPlace place, string bundle, string executable)
    {
        FileSystem.MakeFolder(place.Folder, FileSystem.OwnerOnlyFolder);
        BecomeLikelier();
        using var socket = PodSocket.Listen(place.Socket);
        try
        {
            var pid = DetachedProgram.Start(
                executable,
                [
                    "-namespace", arguments.Namespace, "-address", arguments.Address, "-id", arguments.Id, "-bundle", bundle,
                    .. (string[])(arguments.Debug ? ["-debug"] : []), ShimArguments.Serve,
                ],
                socket);
            ShimProcess.Write(place.Folder, pid);
            SmallFile.Replace(Path.Combine(bundle, "shim.pid"), Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture)));
        }
        catch
        {
            File.Delete(place.Socket);
            throw;
        }
    }

    /// <summary>
    /// A little likelier than containerd to be ended when memory runs out, as its own shims are (AdjustOOMScore). The server inherits it.
    /// </summary>
    private static void BecomeLikelier()
    {
        try
        {
            var parent = File.ReadLines("/proc/self/status").First(l => l.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();
            var score = int.Parse(File.ReadAllText($"/proc/{parent}/oom_score_adj"), CultureInfo.InvariantCulture) + 1;
            using var own = FileSystem.Open("/proc/self/oom_score_adj", LibC.OpenWriteOnly);
            RandomAccess.Write(own, Encoding.ASCII.GetBytes(Math.Min(score, MaxScore).ToString(CultureInfo.InvariantCulture)), 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            // It only says who goes first.
            return;
        }
    }
}

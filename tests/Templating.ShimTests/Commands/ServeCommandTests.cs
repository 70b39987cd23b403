using System.Net.Sockets;
using Templating.Core.Linux;
using Templating.Shim.Commands;
using Templating.Shim.Host;
using Templating.Testing;

namespace Templating.ShimTests.Commands;

public sealed class ServeCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task AServerThatWasToldToShutDownTakesItsFilesAway()
    {
        var (arguments, folders, place) = Make();
        var seen = "";

        var code = await ServeCommand.RunAsync(arguments, folders, Listen(place), (listener, context, _) =>
        {
            seen = context.Group;
            listener.Dispose();
            PodSocket.Answers(place.Socket).ShouldBeTrue("Another server could take the path before it is removed.");
            return Task.CompletedTask;
        }, CancellationToken.None);

        (code, seen).ShouldBe((0, "pod"));
        (File.Exists(place.Socket), Directory.Exists(place.Folder)).ShouldBe((false, false));
    }

    [Fact]
    public async Task AServerThatFailsLeavesWhatDeleteNeeds()
    {
        var (arguments, folders, place) = Make();
        new PodRecord { Daemon = "unix:///d", Sandbox = "tenants/t/clones/pod", Cgroups = ["/sys/fs/cgroup/a"] }.Write(place.Folder);

        var code = await ServeCommand.RunAsync(arguments, folders, Listen(place), (_, _, _) => throw new IOException("broken"), CancellationToken.None);

        code.ShouldBe(1);
        PodRecord.Read(place.Folder)!.Cgroups.ShouldBe(["/sys/fs/cgroup/a"]);
        PodSocket.Answers(place.Socket).ShouldBeFalse();
    }

    public void Dispose() => _folder.Dispose();

    private (ShimArguments Arguments, ShimFolders Folders, PodPlace Place) Make()
    {
        var arguments = ShimArguments.Parse(["-namespace", "n", "-address", "/a", "-id", "pod", "-bundle", _folder.Path, "serve"], out _)!;
        var folders = new ShimFolders { Run = _folder["run"], Sockets = _folder["s"] };
        var place = folders.PlaceOf("/a", "n", "pod");
        Directory.CreateDirectory(folders.Sockets);
        FileSystem.MakeFolder(place.Folder, FileSystem.OwnerOnlyFolder);
        return (arguments, folders, place);
    }

    /// <summary>A descriptor that is the server's own, as one that was inherited.</summary>
    private static int Listen(PodPlace place)
    {
        // A socket path has 107 bytes at most, and the name alone has 64 of them.
        using SafeSocketHandle socket = PodSocket.Listen(place.Socket);
        return LibC.Fcntl(socket.DangerousGetHandle().ToInt32(), LibC.DupCloseOnExec, 3);
    }
}

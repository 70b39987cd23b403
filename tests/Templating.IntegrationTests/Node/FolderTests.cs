using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>The daemon's folders as hosts have them.</summary>
public sealed class FolderTests : NodeTest
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Moved to a larger disk, with a link where they were; doctor says the same as the daemon.</summary>
    [Fact]
    public async Task StoreAndRunFolderMayBeSymbolicLinks()
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        Directory.Move(folder.Store, folder["disk-s"]);
        Directory.CreateSymbolicLink(folder.Store, folder["disk-s"]);
        Directory.CreateDirectory(folder["disk-r"]);
        Directory.CreateSymbolicLink(folder.Run, folder["disk-r"]);
        await using var node = await TestNode.StartAsync(folder);

        var clone = await node.Client.CloneAsync(Limit);
        var doctor = await Programs.RunAsync(NodeExecutable.Path, ["doctor", "--store-path", folder.Store, "--run-path", folder.Run], Limit);

        clone.State.ShouldBe(CloneState.Running);
        doctor.Output.ShouldContain(folder["disk-s"]);
        doctor.Output.ShouldNotContain("fail: paths");
        doctor.Output.ShouldNotContain("fail: store folder: Mend");
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit);
    }

    /// <summary>A link to a disk that is not mounted must not become a folder on the root file system.</summary>
    [Fact]
    public async Task StoreThatIsALinkToNowhereEndsTheDaemonWithOneSentence()
    {
        using var folder = new NodeFolder();
        Directory.Delete(folder.Store);
        File.CreateSymbolicLink(folder.Store, folder["not-mounted"]);
        using var daemon = NodeDaemon.Launch(folder);

        (await daemon.WaitEndAsync(Limit)).ShouldNotBe(0);

        daemon.ReadLog().ShouldContain("error: ");
        daemon.ReadLog().ShouldContain(folder["not-mounted"]);
        daemon.ReadLog().ShouldNotContain("   at ");
        Directory.Exists(folder["not-mounted"]).ShouldBeFalse();
    }

    /// <summary>A home of 0700 above, a run folder of 0700 from a unit's RuntimeDirectoryMode=, a umask that leaves others nothing.</summary>
    [Theory]
    [InlineData("077")]
    [InlineData("027")]
    public async Task ClosedFoldersAndUmaskKeepNothingFromTheVms(string umask)
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        Directory.CreateDirectory(folder.Run, OwnerOnly);
        File.SetUnixFileMode(folder.Path, OwnerOnly);
        await using var node = await TestNode.StartAsync(folder, ("UMASK", umask));

        (await node.Client.CloneAsync(Limit)).State.ShouldBe(CloneState.Running);
    }
}

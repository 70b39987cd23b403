using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>The run folder is a file system of its own, and mostly a small one.</summary>
public sealed class FullFolderTests : NodeTest
{
    [Fact]
    public async Task CloneThatARestartWouldLoseIsNotReady()
    {
        if (await SmallDisk.MountAsync(4, Limit, folder => folder.Run) is not { } disk)
        {
            return; // only root can mount
        }

        await PreparedStore.CopyToAsync(disk.Folder);
        await using var node = await TestNode.StartAsync(disk.Folder);
        var older = await node.Client.CloneAsync(Limit);
        disk.FillUp();

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "DISK_FULL");

        failure.Message.ShouldContain(node.Folder.Run);
        failure.Metadata["path"].ShouldStartWith(node.Folder.Clones);
        failure.RetryAfter.ShouldNotBeNull();
        VmProcesses.Of(node.Folder.Run).ShouldBe([older.Pid]);
        Directory.EnumerateFileSystemEntries(node.Folder.Clones).Count().ShouldBe(1);
        await OlderOneGoesOnAsync(node, older);

        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        (await node.Client.GetAsync(older, Limit)).State.ShouldBe(CloneState.Running);

        disk.MakeRoom();
        var newer = await node.Client.CloneAsync(Limit);
        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        (await ListAsync(node)).Select(c => c.Name).ShouldBe([older.Name, newer.Name], ignoreOrder: true);
    }

    /// <summary>Bytes are free, names are not: no folder, socket or log can be made.</summary>
    [Fact]
    public async Task RunFolderWithoutInodesIsSaidToBeFull()
    {
        if (await SmallDisk.MountAsync(4, Limit, folder => folder.Run, "nr_inodes=64") is not { } disk)
        {
            return; // only root can mount
        }

        await PreparedStore.CopyToAsync(disk.Folder);
        await using var node = await TestNode.StartAsync(disk.Folder);
        disk.FillUpWithNames();

        var failure = await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "DISK_FULL");

        failure.Message.ShouldContain(node.Folder.Run);
        failure.Message.ShouldContain("inodes");
        await NothingIsLeftAsync(node);
        disk.RemoveNames();
        (await node.Client.CloneAsync(Limit)).State.ShouldBe(CloneState.Running);
    }

    /// <summary>Later changes of a clone that has its record cost a line of the log, not the clone.</summary>
    private async Task OlderOneGoesOnAsync(TestNode node, VmClone older)
    {
        await node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = older.Name }, cancellationToken: Limit);
        await node.Client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = older.Name }, cancellationToken: Limit);
        (await node.Client.ShellAsync(older, "echo well", Limit)).Output.ShouldBe("well\n");
        node.Daemon.ReadLog().ShouldContain("record could not be written");
    }
}

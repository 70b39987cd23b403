using Grpc.Core;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed class DeviceTests : NodeTest
{
    private const long DiskBytes = 64 << 20;

    /// <summary>Waits for the disk of that serial, and calls it $disk.</summary>
    private const string Find = """
        for try in $(seq 200); do
            disk=$(grep -lx scratch /sys/block/*/serial 2>/dev/null | cut -d/ -f4)
            [ -b "/dev/$disk" ] && break; sleep 0.05
        done

        """;

    [Fact]
    public async Task DiskAndCardOutliveTheDaemonThatPluggedThemAndTheNextOneTakesThemAway()
    {
        using var pod = await PodNetwork.MakeAsync();
        await using var node = await TestNode.StartAsync(new NodeFolder());
        var clone = await SandboxAsync(node);
        var plug = new PlugCloneRequest { Name = clone.Name, Disk = new PlugDisk { SizeBytes = DiskBytes, Serial = "scratch", Format = DiskFormat.Ext4 } };

        var disk = (await node.Client.Clones.PlugCloneAsync(plug, cancellationToken: Limit)).Device;
        var card = (await node.Client.Clones.PlugCloneAsync(
            new PlugCloneRequest { Name = clone.Name, Nic = new PlugNic { NetworkNamespace = pod.Path, Mtu = 1400 } }, cancellationToken: Limit)).Device;

        disk.ShouldBe(new PluggedDevice { Id = "plug0", Kind = PluggedKind.Disk, Bridge = "0000:00:08.0", SizeBytes = DiskBytes, Serial = "scratch" });
        (card.Id, card.Kind, card.Tap, card.Mac.Length).ShouldBe(("plug1", PluggedKind.Nic, "tap0", 17));
        (await node.Client.ShellAsync(clone, Find + "mkdir -p /run/disk && mount -t ext4 /dev/$disk /run/disk && echo kept >/run/disk/file", Limit)).ExitCode.ShouldBe(0);
        (await pod.RunAsync("ip -o link show tap0")).ShouldContain("mtu 1400");

        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();

        (await node.Client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name }, cancellationToken: Limit)).Devices.ShouldBe([disk, card]);
        (await node.Client.ShellAsync(clone, "cat /run/disk/file && umount /run/disk", Limit)).Output.ShouldBe("kept\n");
        DisksOf(clone.Pid).ShouldHaveSingleItem();
        DisksOf(node.Daemon.Pid).ShouldHaveSingleItem("it found the file, and keeps its room");
        await node.Client.Clones.UnplugCloneAsync(new UnplugCloneRequest { Name = clone.Name, Device = card.Id }, cancellationToken: Limit);
        var left = await node.Client.Clones.UnplugCloneAsync(new UnplugCloneRequest { Name = clone.Name, Device = disk.Id }, cancellationToken: Limit);
        left.Devices.ShouldBeEmpty();
        await Eventually.UntilAsync(() => !DisksOf(clone.Pid).Any(), "QEMU lets go of the disk");
        DisksOf(node.Daemon.Pid).ShouldBeEmpty("its room is free again");
        await Eventually.UntilAsync(async () => await pod.RunAsync("ip -o link | wc -l") == "1\n", "QEMU lets go of the tap, and lo alone is left");

        (await node.Client.Clones.PlugCloneAsync(plug, cancellationToken: Limit)).Device.ShouldBe(disk);
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit);
        DisksOf(node.Daemon.Pid).ShouldBeEmpty();
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task WhatIsWrongWithADeviceIsToldAndNothingIsPlugged()
    {
        await using var node = await TestNode.StartAsync(new NodeFolder());
        var clone = await SandboxAsync(node);

        var faults = await FailsAsync(
            node.Client.Clones.PlugCloneAsync(
                new PlugCloneRequest { Name = clone.Name, Nic = new PlugNic { NetworkNamespace = "run/netns/pod", Tap = "a name with blanks", Mac = "01:00:00:00:00:00", Mtu = 20 } },
                cancellationToken: Limit).ResponseAsync, StatusCode.InvalidArgument, "INVALID_ARGUMENT");
        foreach (var field in (string[])["nic.network_namespace", "nic.tap", "nic.mac", "nic.mtu"])
        {
            faults.Message.ShouldContain(field);
        }

        (await FailsAsync(PlugAsync(new PlugDisk { SizeBytes = 1L << 40 }), StatusCode.ResourceExhausted, "DISK_FULL")).Message.ShouldContain("bytes free");
        (await FailsAsync(
            node.Client.Clones.UnplugCloneAsync(new UnplugCloneRequest { Name = clone.Name, Device = "plug3" }, cancellationToken: Limit).ResponseAsync,
            StatusCode.FailedPrecondition, "ILLEGAL_STATE")).Message.ShouldContain("no device 'plug3'");
        (await node.Client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name }, cancellationToken: Limit)).Devices.ShouldBeEmpty();

        Task PlugAsync(PlugDisk disk) =>
            node.Client.Clones.PlugCloneAsync(new PlugCloneRequest { Name = clone.Name, Disk = disk }, cancellationToken: Limit).ResponseAsync;
    }

    private async Task<VmClone> SandboxAsync(TestNode node)
    {
        var spec = GuestSpecs.Web();
        spec.Sandbox = true;
        spec.Network = null;
        await node.Client.BuildAsync("sandbox", spec, Limit);
        return await node.Client.CloneAsync(Limit, r => r.Spec.Template = $"tenants/{PreparedStore.Tenant}/templates/sandbox");
    }

    private static IEnumerable<string> DisksOf(int pid) => Directory.EnumerateFiles($"/proc/{pid}/fd")
        .Select(fd => new FileInfo(fd).LinkTarget ?? "").Where(target => target.Contains("/staging/disk-", StringComparison.Ordinal));
}

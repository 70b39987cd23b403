using Grpc.Core;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Block devices of the node in a clone.</summary>
public sealed class NodeDeviceTests : NodeTest
{
    private const long DiskBytes = 64 << 20;

    /// <summary>Waits for the disk, and calls it $disk.</summary>
    private const string Find = """
        for try in $(seq 200); do
            disk=$(grep -lx volume /sys/block/*/serial 2>/dev/null | cut -d/ -f4)
            [ -b "/dev/$disk" ] && break; sleep 0.05
        done

        """;

    [Fact]
    public async Task WhatAGuestWritesIsOnTheNodesDeviceAndOnNoOtherAndOutlivesDaemonAndClone()
    {
        await using var volume = await LoopDevice.MakeAsync(DiskBytes);
        await using var other = await LoopDevice.MakeAsync(DiskBytes);
        await using var node = await TestNode.StartAsync(new NodeFolder());
        var clone = await SandboxAsync(node);

        var device = (await PlugAsync(node, clone, volume)).Device;

        device.ShouldBe(new PluggedDevice
        {
            Id = "plug0",
            Kind = PluggedKind.Disk,
            Bridge = "0000:00:08.0",
            SizeBytes = DiskBytes,
            Serial = "volume",
            NodeDevice = $"{volume.Major}:{volume.Minor}",
        });
        var written = await node.Client.ShellAsync(clone, Find + """
            cat /sys/block/$disk/size
            echo first | dd of=/dev/$disk bs=512 conv=sync,fsync 2>/dev/null
            echo last | dd of=/dev/$disk bs=512 seek=131071 conv=sync,fsync 2>/dev/null
            echo beyond | dd of=/dev/$disk bs=512 seek=131072 conv=sync 2>/dev/null && echo written
            """, Limit);
        written.Output.ShouldBe("131072\n");
        (await File.ReadAllBytesAsync(volume.File))[..6].ShouldBe("first\n"u8.ToArray());

        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        (await node.Client.Clones.GetCloneAsync(new GetCloneRequest { Name = clone.Name }, cancellationToken: Limit)).Devices.ShouldBe([device]);
        (await node.Client.ShellAsync(clone, Find + "echo second | dd of=/dev/$disk bs=512 seek=1 conv=sync,fsync 2>/dev/null; head -c 5 /dev/$disk", Limit))
            .Output.ShouldBe("first");
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit);

        await Eventually.UntilAsync(async () => await IsFreeAsync(volume), "the device to be the node's again");
        (await File.ReadAllBytesAsync(volume.File))[512..518].ShouldBe("second"u8.ToArray());
        (await File.ReadAllBytesAsync(other.File)).ShouldAllBe(b => b == 0);
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task ADeviceIsOneVmsAtATimeAndWhatTheNodeUsesIsNobodys()
    {
        await using var volume = await LoopDevice.MakeAsync(DiskBytes);
        using var mount = new TempFolder();
        await using var node = await TestNode.StartAsync(new NodeFolder());
        var clone = await SandboxAsync(node);
        (await Programs.RunAsync("mke2fs", ["-q", "-F", volume.Path], CancellationToken.None)).ExitCode.ShouldBe(0);
        (await Programs.RunAsync("mount", [volume.Path, mount.Path], CancellationToken.None)).ExitCode.ShouldBe(0);
        try
        {
            (await FailsAsync(PlugAsync(node, clone, volume), StatusCode.FailedPrecondition, "ILLEGAL_STATE")).Message.ShouldContain("in use: mounted");
        }
        finally
        {
            (await Programs.RunAsync("umount", [mount.Path], CancellationToken.None)).ExitCode.ShouldBe(0);
        }

        var device = (await PlugAsync(node, clone, volume)).Device;
        var second = await node.Client.CloneAsync(Limit, r => r.Spec.Template = $"tenants/{PreparedStore.Tenant}/templates/sandbox");
        (await FailsAsync(PlugAsync(node, second, volume), StatusCode.FailedPrecondition, "ILLEGAL_STATE")).Message.ShouldContain("one VM's at a time");
        (await IsFreeAsync(volume)).ShouldBeFalse("nobody mounts it meanwhile");
        await node.Client.Clones.UnplugCloneAsync(new UnplugCloneRequest { Name = clone.Name, Device = device.Id }, cancellationToken: Limit);
        await Eventually.UntilAsync(async () => await IsFreeAsync(volume), "QEMU to let go of it");

        (await PlugAsync(node, second, volume, readOnly: true)).Device.Id.ShouldBe("plug0");
        var tried = await node.Client.ShellAsync(second, Find + "cat /sys/block/$disk/ro; echo x >/dev/$disk && echo written; true", Limit);
        tried.Output.ShouldBe("1\n");
        (await FailsAsync(PlugAsync(node, second, 4095, 1_000_000), StatusCode.InvalidArgument, "INVALID_ARGUMENT")).Message.ShouldContain("no block device 4095:1000000");
    }

    private static async Task<bool> IsFreeAsync(LoopDevice device) =>
        (await Programs.RunAsync("python3", ["-c", "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_EXCL)", device.Path], CancellationToken.None)).ExitCode == 0;

    private Task<PlugCloneResponse> PlugAsync(TestNode node, VmClone clone, LoopDevice device, bool readOnly = false) =>
        PlugAsync(node, clone, device.Major, device.Minor, readOnly);

    private Task<PlugCloneResponse> PlugAsync(TestNode node, VmClone clone, uint major, uint minor, bool readOnly = false) => node.Client.Clones.PlugCloneAsync(
        new PlugCloneRequest
        {
            Name = clone.Name,
            Disk = new PlugDisk { Serial = "volume", NodeDevice = new NodeBlockDevice { Major = major, Minor = minor, ReadOnly = readOnly } },
        },
        cancellationToken: Limit).ResponseAsync;

    private async Task<VmClone> SandboxAsync(TestNode node)
    {
        var spec = GuestSpecs.Web();
        spec.Sandbox = true;
        spec.Network = null;
        await node.Client.BuildAsync("sandbox", spec, Limit);
        return await node.Client.CloneAsync(Limit, r => r.Spec.Template = $"tenants/{PreparedStore.Tenant}/templates/sandbox");
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

public sealed class DiskTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private const long DiskBytes = 64 * MachineSpec.MiB;

    /// <summary>Waits for the disk of that serial, and calls it $disk.</summary>
    private static string Find(string serial) => $$"""
        for try in $(seq 200); do
            disk=$(grep -lx {{serial}} /sys/block/*/serial 2>/dev/null | cut -d/ -f4)
            [ -b "/dev/$disk" ] && break; sleep 0.05
        done

        """;

    private FrozenTemplate Template => fixture.Template;

    [Fact]
    public async Task DiskIsWrittenAndReadBackAndNeverLongerThanItWas()
    {
        using var file = NewDisk(out var path);
        var vm = await Template.CloneAsync();

        var device = await vm.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None);

        device.ShouldBe(new PluggedDevice { Id = "plug0", Kind = PluggedKind.Disk, Bridge = "0000:00:08.0", Bytes = DiskBytes, Serial = "scratch" });
        var run = await vm.Guest.RunAsync(Find("scratch") + """
            cat /sys/block/$disk/size
            echo first | dd of=/dev/$disk bs=512 conv=sync 2>/dev/null
            echo last | dd of=/dev/$disk bs=512 seek=131071 conv=sync,notrunc 2>/dev/null
            echo beyond | dd of=/dev/$disk bs=512 seek=131072 conv=sync,notrunc 2>/dev/null && echo written
            sync; echo 3 >/proc/sys/vm/drop_caches
            head -c 5 /dev/$disk; echo
            dd if=/dev/$disk bs=512 skip=131071 2>/dev/null | head -c 4; echo
            """);
        run.Output.ShouldBe("131072\nfirst\nlast\n", run.Error);
        RandomAccess.GetLength(file).ShouldBe(DiskBytes);
        (await File.ReadAllBytesAsync(path))[..6].ShouldBe("first\n"u8.ToArray());
        // A daemon that may not raise it later has it wide from the start.
        var limit = Capabilities.Has(Capabilities.SysResource) ? DiskBytes : DeviceRules.MostDisk;
        File.ReadLines($"/proc/{vm.Process.Pid}/limits").Single(line => line.StartsWith("Max file size", StringComparison.Ordinal))
            .ShouldContain($" {limit} ", Case.Sensitive, "it may write nothing longer");
        File.ReadLines($"/proc/{vm.Process.Pid}/mountinfo").Count().ShouldBe(1, "its jail is as empty as before");
    }

    /// <summary>All the guest can ask of a disk beyond reading and writing: that parts of it be forgotten.</summary>
    [Fact]
    public async Task WhatTheGuestDiscardsTakesNoRoomAnyMore()
    {
        using var file = NewDisk(out _);
        var vm = await Template.CloneAsync();
        await vm.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None);

        var full = await vm.Guest.RunAsync(Find("scratch") + "dd if=/dev/urandom of=/dev/$disk bs=1M count=16 2>/dev/null; sync");
        var before = BlocksOf(file);
        var freed = await vm.Guest.RunAsync(Find("scratch") + "cat /sys/block/$disk/queue/discard_max_bytes; blkdiscard /dev/$disk");

        before.ShouldBeGreaterThan(15 * MachineSpec.MiB, full.Error);
        BlocksOf(file).ShouldBeLessThan(MachineSpec.MiB, freed.Output + freed.Error);
        RandomAccess.GetLength(file).ShouldBe(DiskBytes);
    }

    [Fact]
    public async Task DiskIsUnpluggedAndItsPortAndSerialAreFreeAgain()
    {
        using var file = NewDisk(out _);
        var vm = await Template.CloneAsync();
        var device = await vm.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None);
        await vm.Guest.RunAsync(Find("scratch") + "echo first >/dev/$disk");

        await vm.Devices.UnplugAsync(device.Id, CancellationToken.None);

        (await vm.Guest.RunAsync("ls /sys/block | grep -c vd")).Output.ShouldBe("0\n");
        OpenDisks(vm).ShouldBe(0, "QEMU has let go of its file");
        (await Should.ThrowAsync<TemplatingException>(vm.Devices.UnplugAsync(device.Id, CancellationToken.None))).Message.ShouldContain("no device 'plug0'");
        (await vm.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None)).Id.ShouldBe("plug0");
        (await vm.Guest.RunAsync(Find("scratch") + "head -c 5 /dev/$disk")).Output.ShouldBe("first");
    }

    [Fact]
    public async Task DiskThatQemuRefusesLeavesNothingBehind()
    {
        using var file = NewDisk(out var path);
        using var readOnly = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var vm = await Template.CloneAsync();

        var error = await Should.ThrowAsync<TemplatingException>(vm.Devices.PlugDiskAsync(readOnly, DiskBytes, "scratch", CancellationToken.None));

        error.Code.ShouldBe(ErrorCode.QmpFailed);
        await Eventually.UntilAsync(() => OpenDisks(vm) == 0, "QEMU lets go of what it refused");
        (await vm.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None)).Id.ShouldBe("plug0");
    }

    [Fact]
    public async Task ContainersCanHaveTheirChangesOnIt()
    {
        using var file = NewDisk(out var path);
        Ext4.Write(file, DiskBytes);
        var vm = await Template.CloneAsync();
        await vm.Devices.PlugDiskAsync(file, DiskBytes, "upper", CancellationToken.None);

        var run = await vm.Guest.RunAsync(Find("upper") + """
            mkdir -p /run/disk /run/lower /run/merged && mount -t ext4 /dev/$disk /run/disk && mkdir /run/disk/upper /run/disk/work
            echo below >/run/lower/file
            mount -t overlay -o lowerdir=/run/lower,upperdir=/run/disk/upper,workdir=/run/disk/work overlay /run/merged
            echo above >/run/merged/file; cat /run/lower/file /run/disk/upper/file
            dd if=/dev/zero of=/run/merged/big bs=1M 2>&1 | grep -o 'No space'
            """);

        run.Output.ShouldBe("below\nabove\nNo space\n", run.Error);
        await vm.Guest.RunAsync("umount /run/merged /run/disk");
        var check = await Programs.RunAsync("e2fsck", ["-fn", path], CancellationToken.None);
        check.ExitCode.ShouldBe(0, check.Output + check.Error);
        BlocksOf(file).ShouldBeLessThanOrEqualTo(DiskBytes + MachineSpec.MiB);
    }

    [Fact]
    public async Task DaemonThatTakesAVmOverUnplugsWhatAnotherOnePlugged()
    {
        var request = Template.NewRequest();
        var first = await Template.PrepareAsync(request);
        await first.RestoreAsync(CancellationToken.None);
        await first.ResumeAsync(CancellationToken.None);
        using var file = NewDisk(out _);
        await first.Devices.PlugDiskAsync(file, DiskBytes, "scratch", CancellationToken.None);
        await first.DisposeAsync();

        using var next = new QemuVmm(new QemuOptions(), TimeProvider.System, NullLogger<QemuVmm>.Instance);
        await using var vm = (await next.AdoptAsync(request.Folder, first.Process, CancellationToken.None)).ShouldNotBeNull();

        (await vm.Devices.PlugDiskAsync(file, DiskBytes, "second", CancellationToken.None)).Id.ShouldBe("plug1");
        await vm.Devices.UnplugAsync("plug0", CancellationToken.None);
        (await vm.Devices.PlugDiskAsync(file, DiskBytes, "third", CancellationToken.None)).Id.ShouldBe("plug0");
    }

    private SafeFileHandle NewDisk(out string path)
    {
        path = Template.Folder[$"disk-{Guid.NewGuid():n}"];
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(file, DiskBytes);
        return file;
    }

    private static long BlocksOf(SafeFileHandle file) => Core.Linux.FileStamp.Read(file, "disk").AllocatedBytes;

    private static int OpenDisks(IVm vm) => Directory.EnumerateFiles($"/proc/{vm.Process.Pid}/fd")
        .Count(fd => new FileInfo(fd).LinkTarget?.Contains("/disk-", StringComparison.Ordinal) == true);
}

using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.IntegrationTests.Images;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

public sealed class PlugTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private const int ImageBytes = 4 * 1024 * 1024;

    private FrozenTemplate Template => fixture.Template;

    [Fact]
    public async Task PluggedImageIsReadByTheGuestWhoseWritesVanishAndCostNothing()
    {
        var image = NewImage();
        var bytes = await File.ReadAllBytesAsync(image);
        var vm = await Template.CloneAsync();

        var device = await vm.Devices.PlugImageAsync(image, CancellationToken.None);

        device.ShouldBe(new PluggedDevice { Id = "plug0", Kind = PluggedKind.Image, Bridge = "0000:00:08.0", Bytes = ImageBytes });
        var start = await FindMemoryAsync(vm, device);
        // Past the guest's own idea of what may be written: through /dev/mem, a word in each of 100 pages. Its driver lets go first: Linux
        // maps no page with two kinds of caching.
        var attack = await vm.Guest.RunAsync($"""
            for try in $(seq 200); do [ -e /dev/pmem1 ] && break; sleep 0.05; done
            cd /sys/bus/virtio/drivers/virtio_pmem && basename virtio*/ >unbind
            devmem {start} 32; devmem $(({start} + {ImageBytes} - 4)) 32
            page=0; while [ $page -lt 100 ]; do devmem $(({start} + page * 4096)) 32 0xDEADBEEF; page=$((page + 1)); done
            devmem {start} 32
            """);
        var (first, last) = (Word(bytes, 0), Word(bytes, ImageBytes - 4));
        attack.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe([first, last, first], attack.Error);
        (await vm.ReadMemoryAsync(CancellationToken.None)).ImagePrivate.ShouldBe(0);
        (await File.ReadAllBytesAsync(image)).SequenceEqual(bytes).ShouldBeTrue();
        File.ReadLines($"/proc/{vm.Process.Pid}/mountinfo").Count().ShouldBe(1, "its jail is as empty as before");
    }

    [Fact]
    public async Task APublishedImageIsMountedByTheGuestWhichMapsItsFiles()
    {
        await using var bench = new ImageBench();
        await bench.MakeAsync("mkdir -p top bottom; seq 100000 > bottom/numbers; echo new > top/word; chown 12:34 top/word; chmod 0640 top/word; echo old > bottom/word");
        using var lease = bench.Cache.Acquire("a", (await bench.PublishAsync("top", "bottom")).Digest);
        var vm = await Template.CloneAsync();

        var device = await vm.Devices.PlugImageAsync(lease.Path, CancellationToken.None);

        var seen = await vm.Guest.RunAsync($$"""
            modprobe -a virtio_pmem erofs 2>/dev/null
            for try in $(seq 200); do disk=$(ls -d /sys/bus/pci/devices/{{device.Bridge}}/*/virtio*/ndbus*/region*/namespace*/block/* 2>/dev/null) && break; sleep 0.05; done
            mkdir -p /run/tree && mount -t erofs -o ro,dax=always "/dev/${disk##*/}" /run/tree && cd /run/tree && cat word && stat -c '%u %g %a' word && md5sum < numbers
            """);
        seen.Output.ShouldBe("new\n12 34 640\n" + await ImageBench.ShellAsync($"md5sum < {bench.Trees}/bottom/numbers"), seen.Error);
        (await vm.ReadMemoryAsync(CancellationToken.None)).ImagePrivate.ShouldBe(0);
    }

    [Fact]
    public async Task EachImageHasAPortAndWithoutAFreeOneItIsRefused()
    {
        var image = NewImage();
        var vm = await Template.CloneAsync();
        for (var port = 0; port < 16; port++)
        {
            (await vm.Devices.PlugImageAsync(image, CancellationToken.None)).Id.ShouldBe($"plug{port}");
        }

        var error = await Should.ThrowAsync<TemplatingException>(vm.Devices.PlugImageAsync(image, CancellationToken.None));

        error.Code.ShouldBe(ErrorCode.IllegalState);
        error.Message.ShouldContain("All 16 ports");
        (await vm.Guest.RunAsync("echo alive")).Output.ShouldBe("alive\n");
    }

    [Fact]
    public async Task ImageCannotBeUnpluggedAndIsRefusedWithTheReason()
    {
        var vm = await Template.CloneAsync();
        var device = await vm.Devices.PlugImageAsync(NewImage(), CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(vm.Devices.UnplugAsync(device.Id, CancellationToken.None))).Message.ShouldContain("is an image");
        (await Should.ThrowAsync<TemplatingException>(vm.Devices.UnplugAsync("plug7", CancellationToken.None))).Message.ShouldContain("no device 'plug7'");
        (await Should.ThrowAsync<TemplatingException>(vm.Devices.UnplugAsync("serial", CancellationToken.None))).Message.ShouldContain("no device 'serial'");
    }

    [Fact]
    public async Task ImageOfASizeThatNoGuestTakesIsRefusedAndNothingIsLeft()
    {
        var image = NewImage();
        File.SetUnixFileMode(image, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.AppendAllTextAsync(image, "tail");
        var vm = await Template.CloneAsync();

        (await Should.ThrowAsync<TemplatingException>(vm.Devices.PlugImageAsync(image, CancellationToken.None))).Code.ShouldBe(ErrorCode.InvalidArgument);

        (await vm.Devices.PlugImageAsync(NewImage(), CancellationToken.None)).Id.ShouldBe("plug0");
    }

    [Fact]
    public async Task DaemonThatTakesAVmOverKnowsWhatWasPluggedIntoIt()
    {
        var request = Template.NewRequest();
        var first = await Template.PrepareAsync(request);
        await first.RestoreAsync(CancellationToken.None);
        await first.ResumeAsync(CancellationToken.None);
        var image = NewImage();
        await first.Devices.PlugImageAsync(image, CancellationToken.None);
        await first.DisposeAsync();

        using var next = new QemuVmm(new QemuOptions(), TimeProvider.System, NullLogger<QemuVmm>.Instance);
        await using var vm = (await next.AdoptAsync(request.Folder, first.Process, CancellationToken.None)).ShouldNotBeNull();

        (await vm.Devices.PlugImageAsync(image, CancellationToken.None)).Id.ShouldBe("plug1");
        (await vm.ReadMemoryAsync(CancellationToken.None)).ImagePrivate.ShouldBe(0);
    }

    /// <summary>The template's own image, of 16 MiB, lies before it: Linux takes RAM at multiples of 128 MiB alone.</summary>
    [Fact]
    public async Task RunningCloneGrowsByMemoryThatItsGuestThenHas()
    {
        var vm = await Template.CloneAsync();

        await vm.Devices.PlugMemoryAsync(256 * MachineSpec.MiB, CancellationToken.None);
        await GuestGrowth.WaitOnlineAsync(vm.Guest, new CloneSize(null, 512 * MachineSpec.MiB));

        var kilobytes = (await vm.Guest.RunAsync("sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo")).Output;
        long.Parse(kilobytes, CultureInfo.InvariantCulture).ShouldBeInRange(400 * 1024, 512 * 1024);
        (await Should.ThrowAsync<TemplatingException>(vm.Devices.PlugMemoryAsync(1L << 40, CancellationToken.None))).Code.ShouldBe(ErrorCode.QmpFailed);
        await vm.Devices.PlugImageAsync(NewImage(), CancellationToken.None);
        await vm.Devices.PlugMemoryAsync(128 * MachineSpec.MiB, CancellationToken.None);
        await GuestGrowth.WaitOnlineAsync(vm.Guest, new CloneSize(null, 640 * MachineSpec.MiB));
    }

    /// <summary>Until they are plugged they are not there for the guest to take: it is QEMU that lacks them.</summary>
    [Fact]
    public async Task RunningCloneGrowsByVcpusThatItsGuestThenHas()
    {
        var vm = await Template.CloneAsync();
        (await vm.Guest.RunAsync("cat /sys/devices/system/cpu/possible /sys/devices/system/cpu/present")).Output.ShouldBe("0-3\n0\n");

        await vm.Devices.PlugCpusAsync(2, CancellationToken.None);
        await vm.Devices.PlugCpusAsync(2, CancellationToken.None);
        await GuestGrowth.WaitOnlineAsync(vm.Guest, new CloneSize(2, null));
        (await vm.Guest.RunAsync("cat /sys/devices/system/cpu/online")).Output.ShouldBe("0-1\n");
        await vm.Devices.PlugCpusAsync(4, CancellationToken.None);
        await GuestGrowth.WaitOnlineAsync(vm.Guest, new CloneSize(4, null));

        (await vm.Guest.RunAsync("nproc; for cpu in 1 2 3; do taskset $((1 << cpu)) echo $cpu runs; done")).Output.ShouldBe("4\n1 runs\n2 runs\n3 runs\n");
        (await Should.ThrowAsync<TemplatingException>(vm.Devices.PlugCpusAsync(5, CancellationToken.None))).Message.ShouldContain("places for 4 vCPUs");
    }

    private string NewImage()
    {
        var path = Template.Folder[$"image-{Guid.NewGuid():n}"];
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(ImageBytes));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return path;
    }

    private static string Word(byte[] bytes, int at) => "0x" + BitConverter.ToUInt32(bytes, at).ToString("X8", CultureInfo.InvariantCulture);

    /// <summary>
    /// Where the image is in the guest's memory, as the device itself says (virtio 1.2, 5.19.4): whether or not the guest has a driver.
    /// </summary>
    private static async Task<string> FindMemoryAsync(IVm vm, PluggedDevice device)
    {
        // The device's own structure is at 0x2000 of BAR 4 (QEMU, hw/virtio/virtio-pci.c).
        var found = await vm.Guest.RunAsync($$"""
            for try in $(seq 200); do [ -e /sys/bus/pci/devices/{{device.Bridge}}/*/vendor ] && break; sleep 0.05; done
            cd "$(dirname /sys/bus/pci/devices/{{device.Bridge}}/*/vendor)" && { echo 1 >enable; } 2>/dev/null
            bar=$(sed -n 5p resource | cut -d' ' -f1)
            devmem $((bar + 0x2000)) 64
            """);
        found.Output.Trim().ShouldStartWith("0x", Case.Sensitive, found.Error);
        return found.Output.Trim();
    }
}

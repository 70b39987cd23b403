using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class ClonePlugCommandTests
{
    private static readonly PluggedDevice Disk = new() { Id = "plug0", Kind = PluggedKind.Disk, Bridge = "0000:00:08.0", SizeBytes = 10L << 30, Serial = "scratch" };

    [Fact]
    public async Task WhatIsPluggedIsSentAndShown()
    {
        await using var node = await FakeNode.StartAsync();
        var seen = new List<PlugCloneRequest>();
        node.Clones.OnPlug = request =>
        {
            seen.Add(request);
            return Disk;
        };

        var run = await CliRun.OfAsync(node, "clone", "plug", "web-1", "--disk", "10GiB", "--serial", "scratch", "--ext4");
        await CliRun.OfAsync(node, "clone", "plug", "web-1", "--nic-netns", "/run/netns/pod", "--nic-tap", "tap0", "--nic-mac", "02:00:00:00:00:01", "--nic-mtu", "1400");
        await CliRun.OfAsync(node, "clone", "plug", "web-1", "--image", new string('a', 64));

        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        foreach (var word in (string[])["plug0", "disk", "10GiB", "scratch", "0000:00:08.0"])
        {
            run.Out.ShouldContain(word);
        }

        seen[0].ShouldBe(new PlugCloneRequest { Name = "tenants/default/clones/web-1", Disk = new PlugDisk { SizeBytes = 10L << 30, Serial = "scratch", Format = DiskFormat.Ext4 } });
        seen[1].Nic.ShouldBe(new PlugNic { NetworkNamespace = "/run/netns/pod", Tap = "tap0", Mac = "02:00:00:00:00:01", Mtu = 1400 });
        seen[2].Image.Digest.ShouldBe(new string('a', 64));
    }

    [Theory]
    [InlineData("one of --image, --disk and --nic-netns")]
    [InlineData("one of --image, --disk and --nic-netns", "--disk", "1GiB", "--nic-netns", "/run/netns/pod")]
    [InlineData("--serial is for --disk alone", "--nic-netns", "/run/netns/pod", "--serial", "scratch")]
    [InlineData("--nic-mtu is for --nic-netns alone", "--disk", "1GiB", "--nic-mtu", "1400")]
    [InlineData("from 68 to 65521", "--nic-netns", "/run/netns/pod", "--nic-mtu", "67")]
    public async Task OptionsThatDoNotGoTogetherAreRefused(string said, params string[] options)
    {
        await using var node = await FakeNode.StartAsync();

        var run = await CliRun.OfAsync(node, ["clone", "plug", "web-1", .. options]);

        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldContain(said);
    }

    [Fact]
    public async Task ADeviceIsUnpluggedByItsIdAndTheOthersAreShown()
    {
        await using var node = await FakeNode.StartAsync();
        UnplugCloneRequest? seen = null;
        node.Clones.OnUnplug = request =>
        {
            seen = request;
            var left = Samples.Clone("web-1");
            left.Devices.Add(Disk);
            return left;
        };

        var run = await CliRun.OfAsync(node, "clone", "unplug", "web-1", "plug1");

        run.Code.ShouldBe(ExitCode.Ok, run.Error);
        seen.ShouldBe(new UnplugCloneRequest { Name = "tenants/default/clones/web-1", Device = "plug1" });
        run.Out.ShouldContain("disk, 10GiB, scratch, 0000:00:08.0");
    }
}

using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.UnitTests.Node.Mapping;

public sealed class PlugRequestTests
{
    private const string Clone = "tenants/a/clones/c";

    private static readonly Caller Everyone = new(new UnixPeer(1, 0, 0), TenantSet.All);

    [Fact]
    public void OnlyWhoMayActForAllTenantsMayNameANetworkNamespace()
    {
        var request = new PlugCloneRequest { Name = Clone, Nic = new PlugNic { NetworkNamespace = "/run/netns/pod" } };

        Should.Throw<TemplatingException>(() => DeviceReader.Plug(request, Everyone with { Tenants = TenantSet.Of(["a"]) })).Code.ShouldBe(ErrorCode.PermissionDenied);
        DeviceReader.Plug(request, Everyone).Nic!.NetworkNamespace.ShouldBe("/run/netns/pod");
    }

    [Fact]
    public void ABlockDeviceOfTheNodeIsForWhoMayActForAllTenantsAndIsAsItIs()
    {
        var request = new PlugCloneRequest { Name = Clone, Disk = new PlugDisk { Serial = "volume", NodeDevice = new NodeBlockDevice { Major = 8, Minor = 16, ReadOnly = true } } };

        Should.Throw<TemplatingException>(() => DeviceReader.Plug(request, Everyone with { Tenants = TenantSet.Of(["a"]) })).Code.ShouldBe(ErrorCode.PermissionDenied);
        DeviceReader.Plug(request, Everyone).Disk.ShouldBe(new Core.Clones.PlugDisk(0, "volume") { Device = new Core.Clones.NodeDevice(8, 16, ReadOnly: true) });
        request.Disk.SizeBytes = 1 << 20;
        request.Disk.Format = DiskFormat.Ext4;
        request.Disk.Serial = "a b";
        FieldsOf(request).ShouldBe(["disk.size_bytes", "disk.format", "disk.serial"]);
    }

    [Fact]
    public void ACardThatIsGivenNoAddressGetsOneThatIsNobodys()
    {
        var request = new PlugCloneRequest { Name = Clone, Nic = new PlugNic { NetworkNamespace = "/run/netns/pod" } };

        var first = DeviceReader.Plug(request, Everyone).Nic!.Card;
        var second = DeviceReader.Plug(request, Everyone).Nic!.Card;

        first.Mac.ShouldNotBe(second.Mac);
        (Convert.ToByte(first.Mac[..2], 16) & 3).ShouldBe(2, "of those that everybody may give out, and no group's");
        request.Nic.Mac = first.Mac;
        DeviceReader.Plug(request, Everyone).Nic!.Card.ShouldBe(first);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1048576)]
    [InlineData(1048577)]
    [InlineData((1L << 40) + (1 << 20))]
    [InlineData(long.MaxValue)]
    public void ADiskOfASizeThatIsNoneIsRefused(long bytes) =>
        FieldsOf(new PlugCloneRequest { Name = Clone, Disk = new PlugDisk { SizeBytes = bytes } }).ShouldBe(["disk.size_bytes"]);

    [Fact]
    public void AllFaultsOfARequestComeTogether()
    {
        FieldsOf(new PlugCloneRequest { Name = Clone, Disk = new PlugDisk { Serial = new string('s', 21), Format = (DiskFormat)7 } })
            .ShouldBe(["disk.size_bytes", "disk.serial", "disk.format"]);
        FieldsOf(new PlugCloneRequest
        {
            Name = Clone,
            Nic = new PlugNic { NetworkNamespace = "run/netns/pod", Tap = "tap%d", Mac = "01:00:00:00:00:00", Mtu = 67 },
        }).ShouldBe(["nic.network_namespace", "nic.tap", "nic.mac", "nic.mtu"]);
        FieldsOf(new PlugCloneRequest { Name = Clone, Image = new PlugImage { Digest = "sha256:abc" } }).ShouldBe(["image.digest"]);
        FieldsOf(new PlugCloneRequest { Name = Clone }).ShouldBe(["device"]);
    }

    [Theory]
    [InlineData("00:00:00:00:00:00")]
    [InlineData("02:00:00:00:00:0")]
    [InlineData("02-00-00-00-00-01")]
    [InlineData("02:00:00:00:00:0g")]
    [InlineData("ff:ff:ff:ff:ff:ff")]
    public void AnAddressThatNoCardMayHaveIsRefused(string mac) =>
        FieldsOf(new PlugCloneRequest { Name = Clone, Nic = new PlugNic { NetworkNamespace = "/run/netns/pod", Mac = mac } }).ShouldBe(["nic.mac"]);

    [Fact]
    public void ADeviceIsNamedByItsId()
    {
        DeviceReader.Unplug(new UnplugCloneRequest { Name = Clone, Device = "plug0" }, Everyone).Device.ShouldBe("plug0");
        foreach (var id in (string[])["", "plug 0", "../plug0", new string('p', 64)])
        {
            Should.Throw<TemplatingException>(() => DeviceReader.Unplug(new UnplugCloneRequest { Name = Clone, Device = id }, Everyone))
                .Violations.Select(v => v.Field).ShouldBe(["device"]);
        }
    }

    private static IEnumerable<string> FieldsOf(PlugCloneRequest request) =>
        Should.Throw<TemplatingException>(() => DeviceReader.Plug(request, Everyone)).Violations.Select(v => v.Field);
}

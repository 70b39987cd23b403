using System.Text.Json.Nodes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.ShimTests.Specs;

public sealed class BlockDevicesTests
{
    private static readonly GuestSpecOptions Guest = Samples.Options with
    {
        Devices = new Dictionary<(uint, uint), DeviceNumbers> { [(7, 3)] = new(254, 16, 1 << 20) },
    };

    [Fact]
    public void AVolumesDeviceIsInTheContainerByTheGuestsNumbersWithModeAndOwnerOfTheNodes()
    {
        var linux = Build(WithDisk("rwm"));

        linux["devices"]!.ToJsonString().ShouldBe("""[{"path":"/dev/xvda","type":"b","fileMode":432,"uid":0,"gid":6,"major":254,"minor":16}]""");
        linux["resources"]!["devices"]!.AsArray()[^1]!.ToJsonString().ShouldBe("""{"allow":true,"type":"b","major":254,"minor":16,"access":"rwm"}""");
    }

    [Theory]
    [InlineData("rwm", false)]
    [InlineData("r", true)]
    [InlineData("rm", true)]
    [InlineData(null, true)]
    public void WhatTheRulesOfTheContainerDoNotLetItWriteIsReadOnly(string? access, bool readOnly) =>
        BlockDevices.Of(WithDisk(access).Spec()).ShouldBe([new BlockDevice("/dev/xvda", 7, 3, readOnly)]);

    [Fact]
    public void ARuleAboutTheNodesBlockDevicesIsNotOneAboutTheGuests()
    {
        var document = WithDisk("rwm");
        Rules(document).Add((JsonNode)Rule(254, 0, "rwm"));
        Rules(document).Add((JsonNode)new JsonObject { ["allow"] = true, ["type"] = "b", ["access"] = "rwm" });

        var rules = Build(document)["resources"]!["devices"]!.AsArray();

        rules.Where(rule => rule!["type"]?.GetValue<string>() == "b").ShouldHaveSingleItem()!["minor"]!.GetValue<uint>().ShouldBe(16u);
        rules[0]!["allow"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Theory]
    [InlineData("dev/xvda")]
    [InlineData("/dev/../xvda")]
    [InlineData("")]
    public void APathThatIsNoneIsRefused(string path)
    {
        var document = WithDisk("rwm");
        document["linux"]!["devices"]![0]!["path"] = path;

        Should.Throw<ShimException>(() => GuestSpec.Build(document.Spec(), Guest)).Message.ShouldContain("is no path for a device");
    }

    [Fact]
    public void MoreThanAVmHasPortsForAreRefused()
    {
        var document = WithDisk("rwm");
        document["linux"]!["devices"] = new JsonArray([.. Enumerable.Range(0, 9).Select(n => (JsonNode)Disk($"/dev/xvd{n}"))]);

        Should.Throw<ShimException>(() => GuestSpec.Build(document.Spec(), Guest)).Message.ShouldContain("9 block devices were asked for");
    }

    private static JsonObject WithDisk(string? access)
    {
        var document = Samples.PodContainer();
        document["linux"]!["devices"] = new JsonArray(Disk("/dev/xvda"));
        if (access is not null)
        {
            Rules(document).Add((JsonNode)Rule(7, 3, access));
        }

        return document;
    }

    private static JsonArray Rules(JsonObject document) => document["linux"]!["resources"]!["devices"]!.AsArray();

    private static JsonObject Rule(int major, int minor, string access) =>
        new() { ["allow"] = true, ["type"] = "b", ["major"] = major, ["minor"] = minor, ["access"] = access };

    private static JsonObject Disk(string path) =>
        new() { ["path"] = path, ["type"] = "b", ["major"] = 7, ["minor"] = 3, ["fileMode"] = 432, ["uid"] = 0, ["gid"] = 6 };

    private static JsonNode Build(JsonObject document) => JsonNode.Parse(GuestSpec.Build(document.Spec(), Guest).Config)!["linux"]!;
}

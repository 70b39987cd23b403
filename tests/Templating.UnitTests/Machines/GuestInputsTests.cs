using Templating.Core.Machines;

namespace Templating.UnitTests.Machines;

public sealed class GuestInputsTests
{
    [Theory]
    [InlineData("/etc/app.conf")]
    [InlineData("/a")]
    [InlineData("/run/with blank/..hidden")]
    public void NormalisedAbsolutePathsAreTaken(string path) =>
        GuestInputs.CheckFiles("files", [new InjectedFile(path, default)]).ShouldBeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("etc/app.conf")]
    [InlineData("/etc/../shadow")]
    [InlineData("/etc/./x")]
    [InlineData("/etc//x")]
    [InlineData("/etc/")]
    [InlineData("/etc/a\0b")]
    public void OtherPathsAreRefused(string path) =>
        GuestInputs.CheckFiles("files", [new InjectedFile(path, default)]).ShouldHaveSingleItem().Field.ShouldBe("files[0].path");

    [Fact]
    public void EveryLimitOfFilesIsNamedAtOnce()
    {
        var many = Enumerable.Range(0, GuestInputs.MaxFiles + 1)
            .Select(i => new InjectedFile($"/f{i}", i == 0 ? new byte[GuestInputs.MaxFilesBytes + 1] : default, i == 1 ? 0x200 : 0))
            .Append(new InjectedFile("/f2", default))
            .Append(new InjectedFile("/" + new string('x', GuestInputs.MaxPathBytes), default))
            .ToList();

        GuestInputs.CheckFiles("files", many).Select(v => v.Field)
            .ShouldBe(["files", "files", "files[1].mode", "files[65].path", "files[66].path"]);
    }

    [Fact]
    public void WhatIsExactlyAtTheLimitsIsTaken()
    {
        var files = Enumerable.Range(0, GuestInputs.MaxFiles)
            .Select(i => new InjectedFile("/" + new string((char)('a' + (i % 26)), GuestInputs.MaxPathBytes - 3) + $"{i:00}", new byte[GuestInputs.MaxFilesBytes / GuestInputs.MaxFiles], GuestInputs.MaxMode))
            .ToList();

        GuestInputs.CheckFiles("files", files).ShouldBeEmpty();
        GuestInputs.CheckUserData("user_data", GuestInputs.MaxUserDataBytes).ShouldBeEmpty();
        GuestInputs.CheckUserData("user_data", GuestInputs.MaxUserDataBytes + 1).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("web-1.example", true)]
    [InlineData("Web", false)]
    [InlineData("a..b", false)]
    public void HostnamesAreLabelsWithDots(string name, bool good) => GuestInputs.CheckHostname("hostname", name).Any().ShouldBe(!good);
}

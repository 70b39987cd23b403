using Templating.Contract;

namespace Templating.UnitTests.Contract;

public sealed class GuestFileRulesTests
{
    [Theory]
    [InlineData("/etc/app.conf")]
    [InlineData("/a")]
    [InlineData("/run/with blank/..hidden")]
    public void NormalisedAbsolutePathsAreTaken(string path) => Check((path, 0, 0)).ShouldBeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("etc/app.conf")]
    [InlineData("/etc/../shadow")]
    [InlineData("/etc/./x")]
    [InlineData("/etc//x")]
    [InlineData("/etc/")]
    [InlineData("/etc/a\0b")]
    public void OtherPathsAreRefused(string path) => Check((path, 0, 0)).ShouldBe(["files[0].path"]);

    [Fact]
    public void EveryLimitOfFilesIsNamedAtOnce()
    {
        var many = Enumerable.Range(0, GuestFileRules.MaxCount + 1)
            .Select(i => ($"/f{i}", i == 0 ? GuestFileRules.MaxBytes + 1L : 0, i == 1 ? 0x200 : 0))
            .Append(("/f2", 0, 0))
            .Append(("/" + new string('x', GuestFileRules.MaxPathBytes), 0, 0));

        Check([.. many]).ShouldBe(["files", "files", "files[1].mode", "files[65].path", "files[66].path"]);
    }

    [Fact]
    public void WhatIsExactlyAtTheLimitsIsTaken()
    {
        var files = Enumerable.Range(0, GuestFileRules.MaxCount).Select(i => (
            "/" + new string((char)('a' + (i % 26)), GuestFileRules.MaxPathBytes - 3) + $"{i:00}",
            (long)GuestFileRules.MaxBytes / GuestFileRules.MaxCount, GuestFileRules.MaxMode));

        Check([.. files]).ShouldBeEmpty();
        UserDataRules.Check("user_data", UserDataRules.MaxBytes).ShouldBeEmpty();
        UserDataRules.Check("user_data", UserDataRules.MaxBytes + 1).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("web-1.example", true)]
    [InlineData("Web", false)]
    [InlineData("a..b", false)]
    public void HostnamesAreLabelsWithDots(string name, bool good) => HostnameRules.Check("hostname", name).Any().ShouldBe(!good);

    private static IEnumerable<string> Check(params (string Path, long Bytes, int Mode)[] files) =>
        GuestFileRules.Check("files", files).Select(v => v.Field);
}

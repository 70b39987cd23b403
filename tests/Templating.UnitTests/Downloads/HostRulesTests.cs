using System.Net;
using Templating.Core.Downloads;

namespace Templating.UnitTests.Downloads;

public sealed class HostRulesTests
{
    private static readonly HostRules Rules = new(["files.example.org", "inner.example.org:8443", "*.cdn.example"]);

    [Theory]
    [InlineData("files.example.org", 443, true, true)]
    [InlineData("FILES.example.org", 443, true, true)]
    [InlineData("files.example.org", 8443, false, false)]
    [InlineData("inner.example.org", 8443, true, true)]
    [InlineData("inner.example.org", 443, false, false)]
    [InlineData("a.cdn.example", 443, true, false)]
    [InlineData("cdn.example", 443, false, false)]
    [InlineData("evilcdn.example", 443, false, false)]
    [InlineData("files.example.org.evil", 443, false, false)]
    public void OnlyAllowedHostsAreAskedAndOnlyNamedOnesAtPrivateAddresses(string host, int port, bool allowed, bool mayBePrivate) =>
        Rules.Judge(host, port).ShouldBe((allowed, mayBePrivate));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    public void PrivateAddressesAreKnown(string address) => HostRules.IsPrivate(IPAddress.Parse(address)).ShouldBeTrue();

    [Theory]
    [InlineData("93.184.216.34")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:2800:220:1::1")]
    public void PublicAddressesAreNot(string address) => HostRules.IsPrivate(IPAddress.Parse(address)).ShouldBeFalse();

    [Fact]
    public void ANodeThatAllowsNoHostSaysWhatToDo() =>
        new HostRules([]).FindProblem(new Uri("https://files.example.org/x"))!.ShouldContain("--download-hosts");
}

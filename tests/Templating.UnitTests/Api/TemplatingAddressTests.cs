using Templating.Api.Client;

namespace Templating.UnitTests.Api;

public sealed class TemplatingAddressTests
{
    [Theory]
    [InlineData("unix:///run/templating/templating.sock", "/run/templating/templating.sock")]
    [InlineData("/run/x.sock", "/run/x.sock")]
    public void AUnixSocketIsAnAbsolutePath(string text, string path)
    {
        TemplatingAddress.TryParse(text, out var address, out _).ShouldBeTrue();
        address.SocketPath.ShouldBe(path);
        address.ToString().ShouldBe("unix://" + path);
    }

    [Fact]
    public void TcpIsHttpsOnly()
    {
        TemplatingAddress.TryParse("https://node:9440", out var address, out _).ShouldBeTrue();
        address.Uri!.Port.ShouldBe(9440);
        address.ToString().ShouldBe("https://node:9440");
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://node:9440")]
    [InlineData("unix://relative/path")]
    [InlineData("https://node:9440/path")]
    [InlineData("https://user@node:9440")]
    [InlineData("node:9440")]
    public void AnythingElseIsRefusedWithWhatIsAllowed(string text)
    {
        TemplatingAddress.TryParse(text, out _, out var problem).ShouldBeFalse();
        problem.ShouldContain("use ");
    }

    [Fact]
    public void ASocketPathLongerThanUnixAllowsIsRefused()
    {
        TemplatingAddress.TryParse("unix:///" + new string('x', 107), out _, out var problem).ShouldBeFalse();
        problem.ShouldContain("107");
    }
}

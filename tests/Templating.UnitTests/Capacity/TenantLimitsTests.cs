using System.Net;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.UnitTests.Capacity;

public sealed class TenantLimitsTests
{
    [Theory]
    [InlineData("127.0.0.1", 0, true)]
    [InlineData("127.0.0.1", 1023, false)]
    [InlineData("127.0.0.1", 1024, true)]
    [InlineData("127.255.255.255", 65535, true)]
    [InlineData("128.0.0.0", 8080, false)]
    [InlineData("126.255.255.255", 8080, false)]
    [InlineData("0.0.0.0", 8080, false)]
    [InlineData("0.0.0.0", 0, false)]
    [InlineData("192.0.2.1", 8080, false)]
    public void WithoutAPolicyForwardsLeadFromTheLoopbacksUnprivilegedPorts(string address, int port, bool allowed) =>
        Check(new TenantLimits(), new PortForward(80, port, address), allowed);

    [Theory]
    [InlineData("192.0.2.1", 79, false)]
    [InlineData("192.0.2.1", 80, true)]
    [InlineData("192.0.2.1", 90, true)]
    [InlineData("192.0.2.1", 91, false)]
    [InlineData("192.0.2.1", 0, false)]
    [InlineData("192.0.2.2", 80, false)]
    [InlineData("127.0.0.1", 8080, false)]
    public void APolicysForwardsAreTheOnlyOnes(string address, int port, bool allowed) =>
        Check(new TenantLimits { Forwards = [new HostPorts(IPNetwork.Parse("192.0.2.1/32"), 80, 90)] }, new PortForward(80, port, address), allowed);

    [Fact]
    public void ARefusedPortIsNamedWithTenantAndWhatIsAllowed()
    {
        var refusal = Should.Throw<TemplatingException>(() => new TenantLimits().RequireNetwork("acme", new NetworkSpec(false, [new PortForward(80, 443)])));

        refusal.Code.ShouldBe(ErrorCode.NetworkNotAllowed);
        refusal.Message.ShouldContain("'acme' may not take 127.0.0.1:443");
        refusal.Message.ShouldContain("allowed are 127.0.0.0/8 ports 1024-65535");
        Should.Throw<TemplatingException>(() => new TenantLimits { Forwards = [] }.RequireNetwork("a", new NetworkSpec(false, [new PortForward(80)])))
            .Message.ShouldContain("none is allowed");
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, true)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    public void OutboundIsOnlyForThoseWhoMay(bool may, bool wants, bool allowed)
    {
        var limits = new TenantLimits { Outbound = may };
        var network = new NetworkSpec(wants, []);
        if (allowed)
        {
            limits.RequireNetwork("a", network);
            return;
        }

        Should.Throw<TemplatingException>(() => limits.RequireNetwork("a", network)).Code.ShouldBe(ErrorCode.NetworkNotAllowed);
    }

    private static void Check(TenantLimits limits, PortForward forward, bool allowed)
    {
        var network = new NetworkSpec(false, [new PortForward(22, limits.Forwards[0].FirstPort, $"{limits.Forwards[0].Addresses.BaseAddress}"), forward]);
        if (allowed)
        {
            limits.RequireNetwork("a", network);
            return;
        }

        Should.Throw<TemplatingException>(() => limits.RequireNetwork("a", network)).Code.ShouldBe(ErrorCode.NetworkNotAllowed);
    }
}

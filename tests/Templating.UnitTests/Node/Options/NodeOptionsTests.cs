using Microsoft.Extensions.Options;
using Templating.Node.Options;

namespace Templating.UnitTests.Node.Options;

public sealed class NodeOptionsTests
{
    [Fact]
    public void TheDefaultsAreValid() => NodeOptionsRules.Check(new NodeOptions());

    [Fact]
    public void AllFaultsAreToldAtOnce()
    {
        var options = new NodeOptions
        {
            StorePath = "store",
            RunPath = "/run/../etc",
            SocketMode = "999",
            SocketGroup = "no-such-group",
            MetricsAddress = "localhost:1",
            MemoryOvercommit = 0.5,
            MaxClones = 0,
            GuestFolders = ["/ok", "bad"],
            ReadinessTimeout = TimeSpan.Zero,
            PolicyPath = "/nowhere/policy.json",
            VmUsers = new VmUserRange { FirstUid = int.MaxValue, Count = 0 },
            Tcp = new TcpOptions { Address = "::1" },
        };

        var faults = Should.Throw<OptionsValidationException>(() => NodeOptionsRules.Check(options)).Failures.ToList();

        foreach (var name in new[]
        {
            "StorePath", "RunPath", "SocketMode", "SocketGroup", "MetricsAddress", "MemoryOvercommit", "MaxClones", "GuestFolders",
            "ReadinessTimeout", "PolicyPath", "Address", "CertificatePath", "KeyPath", "ClientCaPath",
        })
        {
            faults.ShouldContain(fault => fault.Contains(name));
        }
    }

    [Theory]
    [InlineData("127.0.0.1:9464", true)]
    [InlineData("[::1]:9464", true)]
    [InlineData("::1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("host:1", false)]
    public void AnAddressHasAnIpAndAPort(string text, bool valid) => (IpEndPointAttribute.Parse(text) is not null).ShouldBe(valid);
}

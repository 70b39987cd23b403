using System.Net;
using System.Text;
using Templating.Core.Capacity;
using Templating.Node.Authorization;

namespace Templating.UnitTests.Node.Authorization;

public sealed class PolicyLimitsTests
{
    [Fact]
    public void ATenantsEntryGoesBeforeTheDefaultAndThatBeforeWhatHoldsWithoutAPolicy()
    {
        var policy = Parse("""
            "default": { "vms": 20, "outbound": false, "execs": 7 },
            "tenants": { "a": { "vms": 3, "memoryBytes": 4, "builds": 5, "storeBytes": 6, "downloadBytes": 8,
                                "forwards": [ { "addresses": "192.0.2.0/24", "ports": "80-90" }, { "addresses": "127.0.0.1", "ports": "443" } ] },
                         "b": { "outbound": true, "forwards": [] } }
            """);

        var a = policy.LimitsOf("a");
        (a.Vms, a.MemoryBytes, a.Builds, a.StoreBytes, a.DownloadBytes, a.Outbound, a.Execs).ShouldBe((3, 4L, 5, 6L, 8L, false, 7));
        a.Forwards.ShouldBe([new HostPorts(IPNetwork.Parse("192.0.2.0/24"), 80, 90), new HostPorts(IPNetwork.Parse("127.0.0.1/32"), 443, 443)]);
        var b = policy.LimitsOf("b");
        (b.Vms, b.Outbound, b.Execs).ShouldBe((20, true, 7));
        b.Forwards.ShouldBeEmpty();
        policy.LimitsOf("other").ShouldBe(new TenantLimits { Vms = 20, Outbound = false, Execs = 7, Forwards = policy.LimitsOf("other").Forwards });
        policy.LimitsOf("other").Forwards.ShouldBe([HostPorts.Loopback]);
    }

    [Fact]
    public void WithoutLimitsTheDefaultsHold()
    {
        var limits = PolicyFile.Parse("""{ "version": 1, "rules": [] }"""u8.ToArray()).LimitsOf("a");

        (limits.Vms, limits.MemoryBytes, limits.Builds, limits.StoreBytes, limits.DownloadBytes, limits.Outbound, limits.Execs)
            .ShouldBe((null, null, null, null, 32L << 30, true, 256));
        Policy.Default.LimitsOf("a").Forwards.ShouldBe([HostPorts.Loopback]);
    }

    [Theory]
    [InlineData("vms", "0", true)]
    [InlineData("vms", "-1", false)]
    [InlineData("vms", "2147483647", true)]
    [InlineData("vms", "2147483648", false)]
    [InlineData("vms", "1.5", false)]
    [InlineData("vms", "null", false)]
    [InlineData("vms", "\"1\"", false)]
    [InlineData("builds", "1", true)]
    [InlineData("builds", "0", false)]
    [InlineData("execs", "1", true)]
    [InlineData("execs", "0", false)]
    [InlineData("memoryBytes", "0", true)]
    [InlineData("memoryBytes", "\"16Gi\"", true)]
    [InlineData("memoryBytes", "\"2G\"", true)]
    [InlineData("memoryBytes", "\"16GB\"", false)]
    [InlineData("memoryBytes", "-1", false)]
    [InlineData("memoryBytes", "9223372036854775807", true)]
    [InlineData("memoryBytes", "9223372036854775808", false)]
    [InlineData("storeBytes", "true", false)]
    [InlineData("downloadBytes", "-1", false)]
    [InlineData("outbound", "false", true)]
    [InlineData("outbound", "0", false)]
    [InlineData("vmss", "1", false)]
    [InlineData("forwards", "{}", false)]
    public void EachLimitHasItsBorders(string field, string value, bool sound) => Check($$""" "default": { "{{field}}": {{value}} } """, sound);

    [Theory]
    [InlineData("127.0.0.1", "1", true)]
    [InlineData("127.0.0.1", "0", false)]
    [InlineData("127.0.0.1", "65535", true)]
    [InlineData("127.0.0.1", "65536", false)]
    [InlineData("127.0.0.1", "1-65535", true)]
    [InlineData("127.0.0.1", "2-1", false)]
    [InlineData("127.0.0.1", "1-", false)]
    [InlineData("127.0.0.1", "-1", false)]
    [InlineData("127.0.0.1", "1-2-3", false)]
    [InlineData("127.0.0.1", " 1", false)]
    [InlineData("127.0.0.1", "", false)]
    [InlineData("0.0.0.0/0", "80", true)]
    [InlineData("10.0.0.0/33", "80", false)]
    [InlineData("10.0.0.1/8", "80", false)]
    [InlineData("::1", "80", false)]
    [InlineData("::/0", "80", false)]
    [InlineData("localhost", "80", false)]
    [InlineData("", "80", false)]
    public void EachForwardHasItsBorders(string addresses, string ports, bool sound) =>
        Check($$""" "default": { "forwards": [ { "addresses": "{{addresses}}", "ports": "{{ports}}" } ] } """, sound);

    [Fact]
    public void AllFaultsAreToldAtOnceByTheirPath()
    {
        var fault = Should.Throw<FormatException>(() => Parse("""
            "other": 1, "default": { "vms": -1, "x": 1, "forwards": [ 1, { "addresses": "a", "ports": 1, "y": 2 } ] },
            "tenants": { "A": { "execs": 0 }, "b": [] }
            """));

        fault.Message.Split('\n').Select(line => line.Split(": ")[0]).ShouldBe(
        [
            "limits.other", "limits.default.x", "limits.default.vms", "limits.default.forwards[0]", "limits.default.forwards[1].y",
            "limits.default.forwards[1].addresses", "limits.default.forwards[1].ports", "limits.tenants.A", "limits.tenants.A.execs", "limits.tenants.b",
        ]);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{ "tenants": [] }""")]
    [InlineData("""{ "default": null }""")]
    public void WhatIsNoObjectIsRefused(string limits) =>
        Should.Throw<FormatException>(() => PolicyFile.Parse(Encoding.UTF8.GetBytes($$"""{ "version": 1, "rules": [], "limits": {{limits}} }""")));

    private static void Check(string limits, bool sound)
    {
        if (sound)
        {
            Parse(limits);
            return;
        }

        Should.Throw<FormatException>(() => Parse(limits)).Message.ShouldStartWith("limits.default.");
    }

    private static Policy Parse(string limits) =>
        PolicyFile.Parse(Encoding.UTF8.GetBytes($$"""{ "version": 1, "rules": [], "limits": { {{limits}} } }"""));
}

using System.Text;
using Templating.Node.Authorization;

namespace Templating.UnitTests.Node.Authorization;

public sealed class PolicyFileTests
{
    [Fact]
    public void EachKindOfRuleGrantsToThoseItMatches()
    {
        var policy = Parse("""
            { "version": 1, "rules": [
              { "uid": 7, "tenants": ["u"] }, { "gid": 8, "tenants": ["g"] },
              { "commonName": "shim", "tenants": ["c"] }, { "uri": "spiffe://x/y", "tenants": ["*"] } ] }
            """);

        Granted(policy, new UnixPeer(1, 7, 8)).ShouldBe("ug");
        Granted(policy, new UnixPeer(1, 8, 7)).ShouldBe("");
        Granted(policy, new CertificatePeer("shim", [])).ShouldBe("c");
        Granted(policy, new CertificatePeer("other", ["spiffe://x/y"])).ShouldBe("ugcz");
    }

    [Fact]
    public void AByteOrderMarkIsNoPartOfThePolicyAndUtf16IsNamed()
    {
        const string Text = """{ "version": 1, "rules": [ { "uid": 7, "tenants": ["u"] } ] }""";

        Granted(PolicyFile.Parse((byte[])[0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(Text)]), new UnixPeer(1, 7, 8)).ShouldBe("u");
        Should.Throw<FormatException>(() => PolicyFile.Parse(Encoding.Unicode.GetBytes(Text))).Message.ShouldBe("The file is UTF-16; save it as UTF-8.");
    }

    [Fact]
    public void TenantsThatCertificatesNameCanBeIgnored()
    {
        var peer = new CertificatePeer("x", ["templating://tenants/u"]);

        Granted(Policy.Default, peer).ShouldBe("u");
        Granted(Parse("""{ "version": 1, "acceptCertificateTenants": false, "rules": [] }"""), peer).ShouldBe("");
    }

    [Fact]
    public void ACertificateCannotNameWhatIsNotATenant() =>
        Granted(Policy.Default, new CertificatePeer("x", ["templating://tenants/", "templating://tenants/U", "templating://tenant/u"])).ShouldBe("");

    [Fact]
    public void AllFaultsOfAFileAreToldAtOnce()
    {
        var fault = Should.Throw<FormatException>(() => Parse("""
            { "version": 2, "extra": 1, "rules": [ { "uid": -1, "tenants": ["a"] }, { "uid": 1, "gid": 1, "tenants": [] },
              { "user": "x", "tenants": ["A"] } ] }
            """));

        fault.Message.Split('\n').Select(line => line.Split(':')[0]).ShouldBe(
            ["extra", "version", "rules[0].uid", "rules[1].tenants", "rules[1]", "rules[2].user", "rules[2].tenants[0]", "rules[2]"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{ "version": 1 }""")]
    [InlineData("""{ "version": 1, "version": 1, "rules": [] }""")]
    [InlineData("""{ "version": 1, "rules": [ 1 ] }""")]
    public void WhatIsNotAPolicyIsRefused(string json) => Should.Throw<FormatException>(() => Parse(json));

    private static string Granted(Policy policy, Peer peer) => string.Concat("ugcz".Where(c => policy.TenantsOf(peer).Contains($"{c}")));

    private static Policy Parse(string json) => PolicyFile.Parse(Encoding.UTF8.GetBytes(json));
}

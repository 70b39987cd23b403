using Templating.Core.Errors;
using Templating.Core.Sandboxes;
using Templating.Node.Authorization;
using Templating.Node.Mapping;

namespace Templating.UnitTests.Node.Mapping;

public sealed class SandboxReaderTests
{
    private static readonly Caller Root = new(new UnixPeer(1, 0, 0), TenantSet.All);

    [Fact]
    public void WhatIsAskedForIsReadWithWhoAsks()
    {
        var read = SandboxReader.Acquire(Request(), new Caller(new UnixPeer(7, 8, 9), TenantSet.Of(["a"])), DateTimeOffset.UnixEpoch);

        (read.Start.Template.ToString(), read.Start.Id, read.OwnerPid, read.By).ShouldBe(("tenants/a/templates/t", "box", 42, new Claimant(7, 8)));
    }

    [Fact]
    public void AllFaultsComeTogetherByTheirPaths()
    {
        var request = new V1.AcquireSandbox
        {
            SandboxId = "Not a label",
            Spec = new V1.CloneSpec { Template = "t", Hostname = "-" },
            Cgroups = { "/sys/fs/cgroup", "/sys/fs/cgroup/a/../b", "/sys/fs/cgroup/a/", "/etc", "/sys/fs/cgroup/good" },
        };

        var refusal = Should.Throw<TemplatingException>(() => SandboxReader.Acquire(request, Root, DateTimeOffset.UnixEpoch));

        refusal.Violations.Select(v => v.Field).ShouldBe(
            [
                "acquire.spec.template", "acquire.spec.hostname", "acquire.sandbox_id", "acquire.owner.pid",
                "acquire.cgroups[0]", "acquire.cgroups[1]", "acquire.cgroups[2]", "acquire.cgroups[3]",
            ],
            ignoreOrder: true);
    }

    [Fact]
    public void MoreControlGroupsThanMayBeAreRefused()
    {
        var request = Request();
        request.Cgroups.AddRange(Enumerable.Range(0, 17).Select(i => $"/sys/fs/cgroup/{i}"));

        Should.Throw<TemplatingException>(() => SandboxReader.Acquire(request, Root, DateTimeOffset.UnixEpoch))
            .Violations.ShouldHaveSingleItem().Field.ShouldBe("acquire.cgroups");
    }

    [Fact]
    public void OnlyWhoActsForAllTenantsNamesControlGroupsAndOnlyAProcessOfTheNodeAcquires()
    {
        var request = Request();
        Denied(request, new Caller(new CertificatePeer("c", []), TenantSet.All));
        Denied(request, new Caller(new UnixPeer(1, 1, 1), TenantSet.Of(["b"])));

        request.Cgroups.Add("/sys/fs/cgroup/pod");
        Denied(request, new Caller(new UnixPeer(1, 1, 1), TenantSet.Of(["a"])));
    }

    private static void Denied(V1.AcquireSandbox request, Caller caller) =>
        Should.Throw<TemplatingException>(() => SandboxReader.Acquire(request, caller, DateTimeOffset.UnixEpoch)).Code.ShouldBe(ErrorCode.PermissionDenied);

    private static V1.AcquireSandbox Request() => new()
    {
        SandboxId = "box",
        Spec = new V1.CloneSpec { Template = "tenants/a/templates/t" },
        Owner = new V1.SandboxOwner { Pid = 42 },
    };
}

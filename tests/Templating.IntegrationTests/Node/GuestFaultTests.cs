using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Guests that do not become ready, or only in their own way.</summary>
public sealed class GuestFaultTests : NodeTest
{
    [Fact]
    public async Task KernelThatPanicsEndsTheBuildAtOnceAndIsQuoted()
    {
        await using var node = await TestNode.StartEmptyAsync();

        var failure = await FailsAsync(
            node.Client.BuildAsync("web", GuestSpecs.Web("templating.test=panic"), Limit), StatusCode.FailedPrecondition, "GUEST_STOPPED");

        failure.Message.ShouldContain("panic", Case.Insensitive);
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task GuestThatNeverAnswersEndsTheBuildWhenItsTimeIsOver()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var spec = GuestSpecs.Web("templating.test=never-ready");
        spec.Readiness.Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(15));

        var failure = await FailsAsync(node.Client.BuildAsync("web", spec, Limit), StatusCode.FailedPrecondition, "GUEST_NOT_READY");

        failure.Message.ShouldContain("15");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task WarmUpThatFailsIsNamedWithWhatItSaid()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var spec = GuestSpecs.Web();
        spec.Readiness.WarmUp.Add(new Command { Arguments = { "true" } });
        spec.Readiness.WarmUp.Add(new Command { Arguments = { "sh", "-c", "echo no such database >&2; exit 9" } });

        var failure = await FailsAsync(node.Client.BuildAsync("web", spec, Limit), StatusCode.FailedPrecondition, "WARM_UP_FAILED");

        failure.Message.ShouldContain("no such database");
        failure.Message.ShouldContain("9");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task GuestWhoseAgentMayRunNothingIsRefusedBeforeItIsPublished()
    {
        await using var node = await TestNode.StartEmptyAsync();

        var failure = await FailsAsync(
            node.Client.BuildAsync("web", GuestSpecs.Web("templating.test=no-exec"), Limit), StatusCode.FailedPrecondition, "GUEST_NOT_SUITABLE");

        failure.Message.ShouldContain("guest-exec, guest-exec-status");
        failure.Message.ShouldContain("/etc/qemu/qemu-ga.conf");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task TheBetterAgentIsTakenAlsoWhereItComesLater()
    {
        await using var node = await TestNode.StartEmptyAsync();

        var template = await node.Client.BuildAsync("web", GuestSpecs.Web("templating.test=late-daemon"), Limit);

        template.Agent.ShouldBe("templating");
        (await node.Client.CloneAsync(Limit)).Identity.KernelReseeded.ShouldBeTrue();
    }

    [Fact]
    public async Task AnyLinuxWithOnlyQemuGuestAgentWorks()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var spec = GuestSpecs.Web("templating.test=no-daemon");
        // The kernel's boot id is made when it is first read: here in the template, so that all clones would have it.
        spec.Readiness.WarmUp.Add(new Command { Arguments = { "sh", "-c", "cat /proc/sys/kernel/random/boot_id >/run/template-boot-id" } });
        var template = await node.Client.BuildAsync("web", spec, Limit);
        template.Agent.ShouldBe("qemu");

        var file = new GuestFile { Path = "/run/app/conf", Content = Google.Protobuf.ByteString.CopyFromUtf8("mine\n"), Mode = 0x1a0 };
        var began = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var clones = await Task.WhenAll(
            node.Client.CloneAsync(Limit, r => r.Spec.Files.Add(file)), node.Client.CloneAsync(Limit, r => r.Spec.Files.Add(file)));
        var results = await Task.WhenAll(clones.Select(c => node.Client.ShellAsync(
            c, "hostname; cat; cat /run/app/conf; stat -c %a /run/app/conf; echo $HOME $USER; ls /run/templating/trial; exit 5", Limit, "input\n")));
        var boots = await Task.WhenAll(clones.Append(clones[0]).Select(c => node.Client.ShellAsync(
            c, "cat /proc/sys/kernel/random/boot_id; cat /run/template-boot-id; stat -c %Y /run/app/conf", Limit)));

        for (var i = 0; i < clones.Length; i++)
        {
            clones[i].Identity.Hostname.ShouldBe(clones[i].Id);
            results[i].ShouldBe(new ExecResult(
                $"{clones[i].Id}\ninput\nmine\n640\n/root root\n", "ls: /run/templating/trial: No such file or directory\n", 5));
            long.Parse(boots[i].Output.Split('\n')[2], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(began);
        }

        clones.Select(c => c.Identity.MachineId).ShouldBeUnique();
        var ids = boots.SelectMany(boot => boot.Output.Split('\n')[..2]).ToList();
        ids.Distinct().Count().ShouldBe(3);
        ids[0].ShouldBe(ids[4]);
    }
}

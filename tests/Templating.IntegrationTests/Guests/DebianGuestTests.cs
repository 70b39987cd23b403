using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Templating.IntegrationTests.Node;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Guests;

/// <summary>A Debian with systemd, as people make it from its packages: by the page that shows how, with either agent, on either file system.</summary>
public sealed class DebianGuestTests(DebianGuest guest) : NodeTest, IClassFixture<DebianGuest>
{
    [Theory]
    [InlineData("ext4", "qemu", 4)]
    [InlineData("erofs", "templating", 5)]
    public async Task ClonesHaveBootedAreThemselvesAndAreReachedWheneverTheyAskForTheirAddress(string fileSystem, string agent, int section)
    {
        if (guest.Node is not { } node)
        {
            return;
        }

        var template = await node.Client.Templates.GetTemplateAsync(
            new GetTemplateRequest { Name = $"tenants/default/templates/debian-{fileSystem}" }, cancellationToken: Limit);
        template.Agent.ShouldBe(agent);
        template.FailedUnits.ShouldBeEmpty();

        var asWritten = guest.RunAsync(guest.Page[section, guest.Page.BlocksOf(section) - 1], Limit);
        var clone = await node.Client.CloneAsync(Limit, request =>
        {
            request.Spec.Template = template.Name;
            request.Spec.Files.Add(new GuestFile { Path = "/etc/app/conf", Content = ByteString.CopyFromUtf8("mine\n") });
        });

        var said = await node.Client.ShellAsync(clone, "systemctl is-system-running; systemctl list-jobs --no-pager; cat /etc/app/conf /etc/machine-id", Limit);
        said.Output.ShouldBe($"running\nNo jobs running.\nmine\n{clone.Identity.MachineId}\n", said.Error);
        await IsReachedAsync(clone, "as it was frozen");
        // It asks as somebody else: networkd's client id comes from the machine-id.
        foreach (var renewal in (string[])["networkctl renew $card", "networkctl reconfigure $card", "systemctl restart systemd-networkd"])
        {
            var renewed = await node.Client.ShellAsync(clone, $"set -e; card=$(ls /sys/class/net | grep -v lo); {renewal}", Limit);
            renewed.ExitCode.ShouldBe(0, $"{renewal}: {renewed.Error}");
            await IsReachedAsync(clone, renewal);
        }

        (await asWritten).ShouldContain("running\n");
        var stopped = await node.Client.Clones.DeleteCloneAsync(
            new DeleteCloneRequest { Name = clone.Name, GracePeriod = Duration.FromTimeSpan(TimeSpan.FromMinutes(2)) }, cancellationToken: Limit);
        stopped.Reason.ShouldBe("the guest powered off");
    }

    private async Task IsReachedAsync(VmClone clone, string when)
    {
        using var http = new HttpClient();
        (await clone.HttpGetAsync(http, Limit)).ShouldBe($"{clone.Id}\n{clone.Identity.MachineId}\n", when);
    }
}

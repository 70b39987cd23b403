using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

/// <summary>VMs that are started before their template is known, and given to one.</summary>
[Collection(TemplateCollection.Name)]
public sealed class BlankTests(TemplateFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private FrozenTemplate Template => fixture.Template;

    [Fact]
    public async Task BlankVmBecomesACloneThatIsLikeAnyOther()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // without namespaces there are no blank VMs
        }

        var (vm, request) = await Template.BindAsync(new PortForward(80));
        await vm.RestoreAsync(CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        var identity = FrozenTemplate.NewIdentity("bound");
        var confirmed = await vm.Guest.IdentifyAsync(identity, Limit, CancellationToken.None);
        var result = await vm.Guest.RunAsync("hostname; cat /etc/machine-id");
        var attack = await vm.Guest.RunAsync("templating-attack-nvdimm 200");
        var memory = await vm.ReadMemoryAsync(CancellationToken.None);
        var forward = (await vm.QueryForwardsAsync(CancellationToken.None)).ShouldHaveSingleItem();

        confirmed.KernelReseeded.ShouldBeTrue();
        result.Output.ShouldBe($"bound\n{identity.MachineId}\n");
        attack.Output.ShouldContain("kept=0");
        memory.ImagePrivate.ShouldBe(0);
        memory.RamPrivate.ShouldBeInRange(1, Template.Machine.MemoryBytes / 2);
        forward.HostPort.ShouldBeGreaterThan(0);
        File.ReadLines($"/proc/{vm.Process.Pid}/mountinfo").Count().ShouldBe(1, "nothing of the host is left in its sight");
        File.Exists(request.Folder.Qmp).ShouldBeTrue("its sockets moved into the clone's folder");
        var exit = await vm.StopAsync(Limit, CancellationToken.None);
        exit.Reason.ShouldBe("the guest powered off");
    }
}

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

    [Fact]
    public async Task AnotherDaemonLearnsWhichFilesItsMemoryIs()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        using var second = FrozenTemplate.NewVmm();
        var (vm, request) = await Template.BindAsync();
        await vm.RestoreAsync(CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        await vm.Guest.RunAsync("templating-attack-nvdimm 200");
        await vm.DisposeAsync();

        await using var adopted = (await second.AdoptAsync(request.Folder, vm.Process, CancellationToken.None)).ShouldNotBeNull();
        var memory = await adopted.ReadMemoryAsync(CancellationToken.None);

        memory.RamPrivate.ShouldBeGreaterThan(0);
        memory.ImagePrivate.ShouldBe(0);
        (await adopted.KillAsync()).Reason.ShouldBe("killed by the daemon");
    }

    [Fact]
    public async Task BoundVmIsAsConfinedAsAnyOther()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        File.SetUnixFileMode(Template.Folder.Path, (UnixFileMode)0b111_001_001);
        File.SetUnixFileMode(Template.MemoryPath, (UnixFileMode)0b100_100_100);
        File.SetUnixFileMode(Template.StatePath, (UnixFileMode)0b100_100_100);
        var blank = await Template.NewBlankAsync(new VmUser(64_323, 64_323));
        var request = Template.NewRequest() with { User = new VmUser(64_323, 64_323) };
        await using var vm = await blank.BindAsync(request, CancellationToken.None);
        await vm.RestoreAsync(CancellationToken.None);

        var status = await File.ReadAllLinesAsync($"/proc/{vm.Process.Pid}/status");
        var limits = await File.ReadAllLinesAsync($"/proc/{vm.Process.Pid}/limits");
        await vm.KillAsync();

        status.ShouldContain("Uid:\t64323\t64323\t64323\t64323");
        status.ShouldContain("Gid:\t64323\t64323\t64323\t64323");
        status.ShouldContain("Groups:\t ");
        status.ShouldContain("NoNewPrivs:\t1");
        status.ShouldContain("Seccomp:\t2");
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        {
            status.ShouldContain($"{set}:\t0000000000000000");
        }

        limits.ShouldContain(line => line.StartsWith("Max core file size        0", StringComparison.Ordinal));
        limits.ShouldContain(line => line.StartsWith("Max file size             1048576", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneThatHangsIsGivenUpWithinSecondsAndTheCloneStartsWithoutIt()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        var blank = await Template.NewBlankAsync();
        var request = Template.NewRequest();
        Signals.Send(blank.Process.Pid, Signals.Stop);

        var error = await Should.ThrowAsync<TemplatingException>(() => blank.BindAsync(request, CancellationToken.None));
        blank.Kill();
        await blank.Exited;
        await blank.DisposeAsync();
        var vm = await Template.PrepareAsync(request);

        error.Message.ShouldContain("did not take its memory");
        (await vm.QueryStateAsync(CancellationToken.None)).ShouldBe(VmRunState.Prepared);
    }

    /// <summary>The probe that the daemon runs once for each QEMU.</summary>
    [Fact]
    public async Task InstalledQemuTakesItsMemoryAfterItsStart()
    {
        using var vmm = new QemuVmm(new QemuOptions { Blanks = true }, TimeProvider.System, NullLogger<QemuVmm>.Instance);

        var info = await vmm.ProbeAsync(refresh: false, CancellationToken.None);

        if (Environment.IsPrivilegedProcess)
        {
            info.BlankProblem.ShouldBeNull();
        }
        else
        {
            info.BlankProblem.ShouldNotBeNull().ShouldContain("CAP_SYS_ADMIN");
        }
    }
}

using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;

namespace Templating.IntegrationTests.Qemu;

[Collection(TemplateCollection.Name)]
public sealed class CloneTests(TemplateFixture fixture)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private FrozenTemplate Template => fixture.Template;

    [Fact]
    public async Task CloneBecomesItselfRunsCommandsAndPowersOff()
    {
        var vm = await Template.CloneAsync(new PortForward(80));
        var identity = FrozenTemplate.NewIdentity("first");

        var confirmed = await vm.Guest.IdentifyAsync(identity, Limit, CancellationToken.None);
        var result = await vm.Guest.RunAsync("hostname; cat /etc/machine-id; echo \"$COLOUR\"; echo sad >&2; cat; exit 3", "from ", "here\n");
        var forwards = await vm.QueryForwardsAsync(CancellationToken.None);

        confirmed.Hostname.ShouldBe("first");
        confirmed.MachineId.ShouldBe(identity.MachineId);
        confirmed.KernelReseeded.ShouldBeTrue();
        result.ShouldBe(new CommandResult($"first\n{identity.MachineId}\nit's blue\nfrom here\n", "sad\n", 3, null));
        var forward = forwards.ShouldHaveSingleItem();
        forward.GuestPort.ShouldBe(80);
        forward.HostPort.ShouldBeGreaterThan(0);
        var exit = await vm.StopAsync(Limit, CancellationToken.None);
        exit.Reason.ShouldBe("the guest powered off");
        exit.GuestRequested.ShouldBeTrue();
        exit.ExitCode.ShouldBe(0);
        vm.Console.ReadTail().ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PortsToldBeforeItRunsAreThoseThatQemuHas(bool isFromBlank)
    {
        if (isFromBlank && !Environment.IsPrivilegedProcess)
        {
            return; // without namespaces there are no blank VMs
        }

        PortForward[] asked = [new(80), new(8080, 0, "127.0.0.2"), new(80, 0, "127.0.0.2")];
        var vm = isFromBlank ? (await Template.BindAsync(asked)).Vm : await Template.PrepareAsync(Template.NewRequest(asked));
        var later = new PortForward(443);
        await vm.RestoreAsync(CancellationToken.None);
        await vm.AddForwardAsync(later, CancellationToken.None);

        var told = await vm.QueryForwardsAsync(CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        var afterwards = await vm.QueryForwardsAsync(CancellationToken.None);

        told.Select(forward => forward with { HostPort = 0 }).ShouldBe([.. asked, later], ignoreOrder: true);
        told.ShouldAllBe(forward => forward.HostPort > 0);
        afterwards.ShouldBe(told, ignoreOrder: true);
    }

    [Fact]
    public async Task WhatACloneHasUsedOfItsFilesIsALittleOfThem()
    {
        var vm = await Template.CloneAsync();
        await vm.Guest.IdentifyAsync(FrozenTemplate.NewIdentity("first"), Limit, CancellationToken.None);

        var used = vm.ReadUsedPages();

        used.Count.ShouldBe(2, "RAM and one image");
        used.ShouldAllBe(file => file.Count > 0);
        var ram = used[0].Sum(range => range.Length);
        ram.ShouldBeInRange(1 << 20, Template.Machine.MemoryBytes / 2);
        used[0].ShouldAllBe(range => range.Offset % 4096 == 0 && range.Length > 0 && range.Offset + range.Length <= Template.Machine.MemoryBytes);
    }

    [Fact]
    public async Task GuestWithOnlyQemuGuestAgentBecomesItselfAndRunsCommands()
    {
        var vm = await Template.CloneAsync();
        vm.Guest.Expect(GuestAgentKind.Qemu);
        var identity = FrozenTemplate.NewIdentity("plain");

        var confirmed = await vm.Guest.IdentifyAsync(identity, Limit, CancellationToken.None);
        var result = await vm.Guest.RunAsync("hostname; echo \"$COLOUR\"; echo sad >&2; cat; exit 3", "from here\n");

        confirmed.Hostname.ShouldBe("plain");
        confirmed.MachineId.ShouldBe(identity.MachineId);
        result.ShouldBe(new CommandResult("plain\nit's blue\nfrom here\n", "sad\n", 3, null));
    }

    [Fact]
    public async Task ProgramThatCannotBeRunEndsAsInAShellWithBothAgents()
    {
        foreach (var kind in new[] { GuestAgentKind.Qemu, GuestAgentKind.Templating })
        {
            var vm = await Template.CloneAsync();
            vm.Guest.Expect(kind);
            await vm.Guest.IdentifyAsync(FrozenTemplate.NewIdentity("plain"), Limit, CancellationToken.None);
            await vm.Guest.RunAsync("cd /tmp; echo x >plain; printf '#!/no/such/sh\n' >script; chmod 755 script");

            foreach (var (code, program) in new[] { (127, "no-such-program"), (127, "/no/such/program"), (127, "/tmp/script"), (126, "/tmp/plain"), (126, "/tmp") })
            {
                var outputs = await vm.Guest.ExecAsync(new GuestCommand { Arguments = [program] }, null, CancellationToken.None).ToListAsync();
                outputs[^1].ShouldBe(new ExecExited(code, null), $"{kind} {program}");
                outputs.OfType<ExecStandardError>().ShouldNotBeEmpty();
            }
        }
    }

    [Fact]
    public async Task ClonesDoNotSeeEachOthersWritesAndTheTemplateStaysAsItWas()
    {
        var before = await DigestAsync(Template.MemoryPath);
        var one = await Template.CloneAsync();
        var two = await Template.CloneAsync();

        await one.Guest.RunAsync("echo one >/run/secret");
        await two.Guest.RunAsync("echo two >/run/secret2");
        var ofOne = await one.Guest.RunAsync("cat /run/secret; ls /run/secret2");
        var ofTwo = await two.Guest.RunAsync("cat /run/secret2; ls /run/secret");

        ofOne.Output.ShouldBe("one\n");
        ofTwo.Output.ShouldBe("two\n");
        (await DigestAsync(Template.MemoryPath)).ShouldBe(before);
        var memory = await one.ReadMemoryAsync(CancellationToken.None);
        memory.RamPrivate.ShouldBeInRange(1, Template.Machine.MemoryBytes / 2);
        memory.ImagePrivate.ShouldBe(0);
    }

    [Fact]
    public async Task GuestThatWritesToItsImageCostsTheHostNothing()
    {
        var vm = await Template.CloneAsync();

        var attack = await vm.Guest.RunAsync("templating-attack-nvdimm 200");

        attack.ShouldSatisfyAllConditions(() => attack.Output.ShouldContain("kept=0"), () => attack.ExitCode.ShouldBe(0));
        (await vm.ReadMemoryAsync(CancellationToken.None)).ImagePrivate.ShouldBe(0);
        (await vm.Guest.RunAsync("echo alive")).Output.ShouldBe("alive\n");
    }

    [Fact]
    public async Task MegabytesOfOutputArriveWholeAndInputIsNotLost()
    {
        var vm = await Template.CloneAsync();

        var output = await vm.Guest.RunAsync("head -c 1000000 /dev/zero | tr '\\0' x");
        var input = await vm.Guest.RunAsync("wc -c", new string('y', 300_000));

        output.Output.ShouldBe(new string('x', 1_000_000));
        input.Output.Trim().ShouldBe("300000");
    }

    [Fact]
    public async Task CancelledCommandIsKilledInTheGuest()
    {
        var vm = await Template.CloneAsync();
        using var cancel = new CancellationTokenSource();
        var command = new GuestCommand { Arguments = ["sh", "-c", "echo started; exec sleep 12345"] };

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in vm.Guest.ExecAsync(command, null, cancel.Token))
            {
                await cancel.CancelAsync();
            }
        });

        var left = await vm.Guest.RunAsync("ps | grep -c '[s]leep 12345'");
        left.Output.Trim().ShouldBe("0");
    }

    [Fact]
    public async Task CloneGoesThroughItsStates()
    {
        var vm = await Template.PrepareAsync(Template.NewRequest());
        (await vm.QueryStateAsync(CancellationToken.None)).ShouldBe(VmRunState.Prepared);

        await vm.RestoreAsync(CancellationToken.None);
        (await vm.QueryStateAsync(CancellationToken.None)).ShouldBe(VmRunState.Paused);

        await vm.ResumeAsync(CancellationToken.None);
        (await vm.QueryStateAsync(CancellationToken.None)).ShouldBe(VmRunState.Running);

        await vm.PauseAsync(CancellationToken.None);
        (await vm.QueryStateAsync(CancellationToken.None)).ShouldBe(VmRunState.Paused);
    }

    [Fact]
    public async Task KilledProcessIsNoticedWithItsSignal()
    {
        var vm = await Template.CloneAsync();

        Signals.Send(vm.Process.Pid, Signals.Kill).ShouldBeTrue();
        var exit = await vm.Exited.Soonest();

        exit.Signal.ShouldBe(9);
        exit.Reason.ShouldStartWith("killed by signal 9");
    }

    [Fact]
    public async Task AnotherDaemonAdoptsARunningClone()
    {
        var request = Template.NewRequest();
        IVm adopted;
        using var second = FrozenTemplate.NewVmm();
        var vm = await Template.PrepareAsync(request);
        await vm.RestoreAsync(CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        await vm.Guest.RunAsync("echo mine >/run/kept");
        await vm.DisposeAsync();

        adopted = (await second.AdoptAsync(request.Folder, vm.Process, CancellationToken.None)).ShouldNotBeNull();
        await using (adopted)
        {
            var kept = await adopted.Guest.RunAsync("cat /run/kept");
            var memory = await adopted.ReadMemoryAsync(CancellationToken.None);
            kept.Output.ShouldBe("mine\n");
            memory.RamPrivate.ShouldBeGreaterThan(0);
            (await adopted.KillAsync()).Reason.ShouldBe("killed by the daemon");
        }

        (await second.AdoptAsync(request.Folder, vm.Process, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task StateThatIsNoneIsRefusedWithQemusOwnWords()
    {
        var state = Template.Folder.Write("wrong", new string('x', 100_000));
        var vm = await Template.PrepareAsync(Template.NewRequest() with { StatePath = state });

        var error = await Should.ThrowAsync<TemplatingException>(() => vm.RestoreAsync(CancellationToken.None));

        error.Code.ShouldBeOneOf(ErrorCode.QemuExited, ErrorCode.QmpFailed);
        error.Message.ShouldContain("stream", Case.Insensitive);
    }

    [Fact]
    public async Task StateThatIsMissingIsNamed()
    {
        var request = Template.NewRequest() with { StatePath = "/nonexistent/state" };

        var error = await Should.ThrowAsync<TemplatingException>(() => Template.PrepareAsync(request));

        error.Message.ShouldContain("/nonexistent/state");
    }

    [Fact]
    public async Task CloneRunsAsItsOwnUserWithoutCapabilities()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // another user can only be taken on by root
        }

        File.SetUnixFileMode(Template.Folder.Path, (UnixFileMode)0b111_001_001);
        File.SetUnixFileMode(Template.MemoryPath, (UnixFileMode)0b100_100_100);
        File.SetUnixFileMode(Template.StatePath, (UnixFileMode)0b100_100_100);
        var vm = await Template.PrepareAsync(Template.NewRequest() with { User = new VmUser(64321, 64321) });
        await vm.RestoreAsync(CancellationToken.None);

        var status = await File.ReadAllLinesAsync($"/proc/{vm.Process.Pid}/status");
        var limits = await File.ReadAllLinesAsync($"/proc/{vm.Process.Pid}/limits");
        status.ShouldContain("Uid:\t64321\t64321\t64321\t64321");
        status.ShouldContain("Groups:\t ");
        status.ShouldContain("NoNewPrivs:\t1");
        status.ShouldContain("Seccomp:\t2");
        status.ShouldContain("CapBnd:\t0000000000000000");
        limits.ShouldContain(line => line.StartsWith("Max core file size        0", StringComparison.Ordinal));
        limits.ShouldContain(line => line.StartsWith("Max file size             1048576", StringComparison.Ordinal));
    }

    [Fact]
    public async Task GuestThatPanicsAtBootIsToldWithItsConsole()
    {
        await using var vm = await Template.BootAsync("panic", FrozenTemplate.CommandLine + " rdinit=/nonexistent init=/nonexistent root=/dev/none");

        var error = await Should.ThrowAsync<TemplatingException>(
            () => vm.Guest.WaitReadyAsync(TimeSpan.FromMinutes(2), CancellationToken.None));

        error.Code.ShouldBe(ErrorCode.GuestStopped);
        error.Message.ShouldContain("Kernel panic");
        await vm.KillAsync();
    }

    /// <summary>A QEMU that maps its image writable, whatever it was told: it is ended while it waits for its state.</summary>
    [Fact]
    public async Task NoCloneRunsBeforeItsMappingsWereChecked()
    {
        var liar = Template.Folder["lying-qemu"];
        await File.WriteAllTextAsync(liar, """
            #!/bin/bash
            exec qemu-system-x86_64 "${@/share=on,readonly=on,rom=auto/share=off,readonly=on,rom=off}"
            """);
        File.SetUnixFileMode(liar, (UnixFileMode)0b111_101_101);
        using var vmm = new QemuVmm(new QemuOptions { QemuPath = liar }, TimeProvider.System, NullLogger<QemuVmm>.Instance);
        var request = Template.NewRequest();

        var refusal = await Should.ThrowAsync<TemplatingException>(() => vmm.PrepareAsync(request, CancellationToken.None));

        refusal.Code.ShouldBe(ErrorCode.IsolationViolated);
        refusal.Message.ShouldContain("The VM was ended before its guest ran.");
        VmProcesses.Of(request.Folder.Path).ShouldBeEmpty();
    }

    private static async Task<string> DigestAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file));
    }
}

using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A host that lacks what is needed: one clear error, and the daemon serves on.</summary>
public sealed class HostFaultTests : NodeTest
{
    [Fact]
    public async Task HostWithoutQemuSaysSo()
    {
        await using var node = await TestNode.StartEmptyAsync(("QEMU_PATH", "/no/such/qemu"));

        var failure = await FailsAsync(node.Client.BuildAsync("web", GuestSpecs.Web(), Limit), StatusCode.FailedPrecondition, "QEMU_MISSING");

        failure.Message.ShouldContain("/no/such/qemu");
        await ProblemIsToldAsync(node, "/no/such/qemu");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task PolicyThatIsFaultyEndsTheDaemonWithAllItsFaultsAndNoStackTrace()
    {
        using var folder = new NodeFolder();
        var policy = Path.Combine(folder.Path, "policy.json");
        await File.WriteAllTextAsync(policy, """{"version": 1, "limits": {"default": {"vmz": 1}}}""", Limit);
        using var daemon = NodeDaemon.Launch(folder, new Dictionary<string, string>(StringComparer.Ordinal) { ["POLICY_PATH"] = policy });

        var code = await daemon.WaitEndAsync(Limit);

        code.ShouldBeInRange(1, 10, daemon.ReadLog());
        daemon.ReadLog().ShouldContain(policy);
        daemon.ReadLog().ShouldContain("rules: it must be a list");
        daemon.ReadLog().ShouldContain("limits.default.vmz");
        daemon.ReadLog().ShouldNotContain("   at ");
    }

    /// <summary>Debian 12's own QEMU is 7.2. It need not be installed for this: a script answers in its place.</summary>
    [Fact]
    public async Task QemuThatIsTooOldIsToldWithItsVersionAndTheOneNeeded()
    {
        using var scripts = new TempScripts();
        var qemu = scripts.Write("qemu-7.2", "# stands for Debian 12's QEMU\necho 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)'");
        await using var node = await TestNode.StartEmptyAsync(("QEMU_PATH", qemu));

        var failure = await FailsAsync(node.Client.BuildAsync("web", GuestSpecs.Web(), Limit), StatusCode.FailedPrecondition, "QEMU_TOO_OLD");

        failure.Message.ShouldContain("7.2.22");
        failure.Message.ShouldContain("8.2");
        await ProblemIsToldAsync(node, "7.2.22");
        await NothingIsLeftAsync(node);
    }

    /// <summary>Where KVM works this asserts that it is used; where it does not, that it is said why and TCG serves.</summary>
    [Fact]
    public async Task KvmIsUsedWhereItWorksAndElseItIsSaidWhyNot()
    {
        await using var node = await TestNode.StartAsync();
        var info = await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);
        var spec = GuestSpecs.Web();
        spec.Machine.Accelerator = Accelerator.Kvm;

        var made = await node.Client.GetTemplateAsync(Limit);

        made.Machine.Accelerator.ShouldBe(info.Accelerator);
        if (info.Accelerator == Accelerator.Kvm)
        {
            info.KvmProblem.ShouldBeEmpty();
            (await node.Client.BuildAsync("kvm", spec, Limit)).Machine.Accelerator.ShouldBe(Accelerator.Kvm);
            return;
        }

        info.Accelerator.ShouldBe(Accelerator.Tcg);
        info.KvmProblem.ShouldNotBeEmpty();
        var failure = await FailsAsync(node.Client.BuildAsync("kvm", spec, Limit), StatusCode.FailedPrecondition, "ACCELERATOR_UNAVAILABLE");
        failure.Message.ShouldContain(info.KvmProblem[..Math.Min(60, info.KvmProblem.Length)]);
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task EveryFaultOfASpecIsListed()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var spec = GuestSpecs.Web();
        spec.Guest.KernelPath = "relative";
        spec.Machine.MemoryBytes = 1;
        spec.Machine.Vcpus = 65;
        spec.Network.Forwards[0].GuestPort = 70_000;
        spec.Guest.CommandLine = new string('x', 3000);

        var failure = await FailsAsync(node.Client.BuildAsync("web", spec, Limit), StatusCode.InvalidArgument, "INVALID_ARGUMENT");

        foreach (var field in (string[])["spec.guest.kernel_path", "spec.machine.memory_bytes", "spec.machine.vcpus", "spec.network.forwards", "spec.guest.command_line"])
        {
            failure.Violations.ShouldContain(v => v.Field.StartsWith(field), $"{field} in {string.Join(", ", failure.Violations)}");
        }

        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task StoreWithoutRoomForTheRamRefusesTheBuildUpFront()
    {
        var disk = await SmallDisk.MountAsync(300, Limit);
        if (disk is null)
        {
            return; // only root can mount
        }

        await using var node = await TestNode.StartAsync(disk.Folder);
        disk.FillUp();

        var failure = await FailsAsync(node.Client.BuildAsync("web", GuestSpecs.Web(), Limit), StatusCode.ResourceExhausted, "DISK_FULL");

        failure.Metadata.Keys.ShouldContain("free_bytes");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task StoreThatIsSmallerThanTheRamIsSaidToBeTooSmall()
    {
        var disk = await SmallDisk.MountAsync(160, Limit);
        if (disk is null)
        {
            return; // only root can mount
        }

        await using var node = await TestNode.StartAsync(disk.Folder);

        var failure = await FailsAsync(node.Client.BuildAsync("web", GuestSpecs.Web(), Limit), StatusCode.FailedPrecondition, "NODE_TOO_SMALL");

        failure.Message.ShouldContain(node.Folder.Store);
        failure.RetryAfter.ShouldBeNull();
    }

    /// <summary>It blames the file system, not another daemon.</summary>
    [Fact]
    public async Task RunFolderThatIsReadOnlyIsSaidToBe()
    {
        var disk = await SmallDisk.MountAsync(1, Limit, folder => folder.Run, "ro");
        if (disk is null)
        {
            return; // only root can mount
        }

        using var folder = disk.Folder;
        using var daemon = NodeDaemon.Launch(folder);

        var code = await daemon.WaitEndAsync(Limit);

        code.ShouldBe(6, daemon.ReadLog());
        daemon.ReadLog().ShouldContain("error: ");
        daemon.ReadLog().ShouldContain(folder.Run);
        daemon.ReadLog().ShouldContain("read-only");
        daemon.ReadLog().ShouldNotContain("another daemon");
        daemon.ReadLog().ShouldNotContain("   at ");
    }

    [Fact]
    public async Task DiskThatFillsUpDuringTheBuildIsSaidToBeFull()
    {
        var disk = await SmallDisk.MountAsync(300, Limit);
        if (disk is null)
        {
            return; // only root can mount
        }

        await using var node = await TestNode.StartAsync(disk.Folder);
        var filled = false;

        var failure = await FailsAsync(
            node.Client.BuildAsync("web", GuestSpecs.Web(), Limit, told: _ =>
            {
                if (!filled && VmProcesses.Of(node.Folder.Run).Count > 0)
                {
                    filled = true;
                    disk.FillUp();
                }

                return Task.CompletedTask;
            }),
            StatusCode.ResourceExhausted, "DISK_FULL");

        filled.ShouldBeTrue();
        failure.Message.ShouldContain(node.Folder.Store);
        disk.MakeRoom();
        await NothingIsLeftAsync(node);
        (await node.Client.Templates.ListTemplatesAsync(new ListTemplatesRequest { Parent = "tenants/-" }, cancellationToken: Limit))
            .Templates.ShouldBeEmpty();
    }

    private async Task ProblemIsToldAsync(TestNode node, string part) =>
        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).Problem.ShouldContain(part);
}

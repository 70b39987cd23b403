using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;

namespace Templating.UnitTests.Qemu;

public sealed class QemuCommandLineTests
{
    private static readonly ResolvedMachine Machine = new()
    {
        QemuVersion = "10.0.2",
        MachineType = "pc-q35-10.0",
        CpuModel = "max",
        Accelerator = Accelerator.Tcg,
        Vcpus = 2,
        MemoryBytes = 256 * MachineSpec.MiB,
        Devices = [],
    };

    private static readonly QemuLaunch Clone = new()
    {
        QemuPath = "/usr/bin/qemu-system-x86_64",
        Machine = Machine,
        Ram = new MemoryBackend("ram", MemoryRole.CloneRam, "/store/a,b=c/memory", Machine.MemoryBytes),
        Images = [new MemoryBackend("image0", MemoryRole.Image, "/store/image", 16 * MachineSpec.MiB)],
        StateDescriptor = 9,
        Network = new NetworkBackend.User(Outbound: false, [new PortForward(80), new PortForward(22, 2222, "::1")]),
        Generation = Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10"),
        Beginning = new Beginning.Incoming(),
        TcgBufferMiB = 32,
        Sockets = new VmSockets<CharacterDevice>(new("qmp", 3), new("agent", 4), new("guest", 5), new("console", 6)),
    };

    [Fact]
    public void CloneMapsItsRamPrivatelyAndItsImageAsRom()
    {
        var line = QemuCommandLine.Build(Clone);

        line.ShouldContain("memory-backend-file,id=ram,size=268435456,mem-path=/store/a,,b=c/memory,share=off,readonly=on,rom=off");
        line.ShouldContain("memory-backend-file,id=image0,size=16777216,mem-path=/store/image,share=on,readonly=on,rom=auto");
        line.ShouldContain("nvdimm,memdev=image0,unarmed=on");
        line.ShouldContain("size=268435456B,slots=1,maxmem=285212672B");
    }

    [Fact]
    public void SandboxHasPortsToPlugIntoRoomForImagesAPortForItsOwnerAndNoCard()
    {
        var line = QemuCommandLine.Build(Clone with { Machine = Machine with { Sandbox = true, MaxMemoryBytes = 1024 * MachineSpec.MiB }, Owner = new CharacterDevice("shim", 7) });

        line.ShouldContain("virtserialport,id=shim-port,bus=serial.0,nr=3,chardev=shim,name=dev.templating.shim.0");
        line.Count(argument => argument.StartsWith("pcie-root-port,", StringComparison.Ordinal)).ShouldBe(16);
        line.ShouldContain("pcie-root-port,id=port15,bus=pcie.0,addr=17.0,chassis=16,slot=16");
        line.ShouldContain($"size=268435456B,slots=9,maxmem={(1024 + 16 + 65536) * MachineSpec.MiB}B");
        line.ShouldNotContain("-netdev");
        line.ShouldNotContain(argument => argument.StartsWith("virtio-net", StringComparison.Ordinal));
    }

    /// <summary>Linux makes room for them only where it knows the hypervisor.</summary>
    [Fact]
    public void SandboxThatMayGetVcpusHasVmwaresPortUnderEmulationAlone()
    {
        var growing = Machine with { Sandbox = true, MaxVcpus = 4, Accelerator = Accelerator.Tcg };
        IReadOnlyList<string> Line(ResolvedMachine machine) => QemuCommandLine.Build(Clone with { Machine = machine });

        var line = Line(growing);

        After(line, "-smp").ShouldBe("2,maxcpus=4");
        After(line, "-machine").ShouldContain("vmport=on,i8042=on");
        After(line, "-smbios").ShouldBe("type=1,serial=VMware-0");
        After(line, "-cpu").ShouldEndWith(",hypervisor=off");
        foreach (var other in (ResolvedMachine[])[growing with { Accelerator = Accelerator.Kvm }, growing with { Sandbox = false }, growing with { MaxVcpus = 2 }])
        {
            After(Line(other), "-machine").ShouldContain("vmport=off,i8042=off");
            After(Line(other), "-cpu").ShouldBe(growing.CpuModel);
            Line(other).ShouldNotContain("-smbios");
        }

        QemuCommandLine.Fingerprint(0, sandbox: true, port: true).ShouldBe([.. QemuCommandLine.Fingerprint(0, sandbox: true, port: false), "vmport", "i8042"]);
    }

    /// <summary>Revisions made before there were sandboxes are judged by these words.</summary>
    [Fact]
    public void OtherMachinesAreToldByTheWordsTheyAlwaysWere() =>
        QemuCommandLine.Fingerprint(1, sandbox: false, port: false).ShouldBe(
            ["virtio-serial-pci", "virtserialport:org.qemu.guest_agent.0", "virtserialport:dev.templating.guest.0", "vmgenid", "virtio-net-pci", "isa-serial", "nvdimm"]);

    [Fact]
    public void CloneWaitsForItsStateAndHasNoKernel()
    {
        var line = QemuCommandLine.Build(Clone);

        After(line, "-incoming").ShouldBe("defer");
        line.ShouldContain("-S");
        line.ShouldNotContain("-kernel");
        line.ShouldContain("vmgenid,guid=01020304-0506-0708-090a-0b0c0d0e0f10");
    }

    [Fact]
    public void BlankOneHasItsDevicesAndNothingOfItsMemory()
    {
        var whole = QemuCommandLine.Build(Clone);
        var blank = QemuCommandLine.Build(Clone with { Ram = null, StateDescriptor = null, Beginning = new Beginning.Blank() });

        blank[^1].ShouldBe("-preconfig");
        blank.ShouldNotContain(word => word.Contains("mem-path", StringComparison.Ordinal) || word.Contains("memory-backend", StringComparison.Ordinal));
        blank.ShouldNotContain("-object");
        blank.ShouldNotContain("-m");
        blank.ShouldNotContain("-add-fd");
        whole.Where(word => word.StartsWith("nvdimm,", StringComparison.Ordinal) || word.StartsWith("virt", StringComparison.Ordinal)).ShouldBeSubsetOf(blank);
        blank.Single(word => word.StartsWith("pc-q35-10.0,", StringComparison.Ordinal)).ShouldContain("nvdimm=on");
    }

    [Fact]
    public void TemplateBootsItsKernelAndWritesItsRamIntoTheFile()
    {
        var line = QemuCommandLine.Build(Clone with
        {
            Ram = Clone.Ram! with { Role = MemoryRole.TemplateRam },
            Images = [],
            Generation = null,
            Beginning = new Beginning.Boot("/k,1", "/i", "console=ttyS0 a,b"),
        });

        After(line, "-kernel").ShouldBe("/k,1");
        After(line, "-append").ShouldBe("console=ttyS0 a,b");
        After(line, "-object").ShouldEndWith("share=on,readonly=off,rom=auto");
        After(line, "-machine").ShouldContain("nvdimm=off");
        line.ShouldContain("vmgenid,guid=auto");
        line.ShouldNotContain("-incoming");
        line.ShouldContain("-S", "nothing of the guest runs before its mappings have been checked");
    }

    [Fact]
    public void NetworkIsClosedUnlessAskedFor()
    {
        After(QemuCommandLine.Build(Clone), "-netdev")
            .ShouldBe("user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:80,hostfwd=tcp:[::1]:2222-:22");
        After(QemuCommandLine.Build(Clone with { Network = new NetworkBackend.User(Outbound: true, []) }), "-netdev")
            .ShouldBe("user,id=net0,restrict=off");
        After(QemuCommandLine.Build(Clone with { Network = new NetworkBackend.Stream(12) }), "-netdev")
            .ShouldBe("stream,id=net0,server=off,addr.type=fd,addr.str=12");
    }

    /// <summary>The user network's leases are frozen with the template, by that address.</summary>
    [Fact]
    public void CardHasOneAddressInTemplateAndClone()
    {
        var template = Clone with { Beginning = new Beginning.Boot("/k", null, ""), Network = new NetworkBackend.Stream(12) };

        Card(template).ShouldBe("virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56,romfile=,guest_announce=off");
        Card(Clone).ShouldBe(Card(template));

        static string Card(QemuLaunch launch) => QemuCommandLine.Build(launch).Single(word => word.StartsWith("virtio-net-pci", StringComparison.Ordinal));
    }

    [Fact]
    public void SandboxIsOnAndNothingComesByDefault()
    {
        var line = QemuCommandLine.Build(Clone);

        After(line, "-sandbox").ShouldBe("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        line.ShouldContain("-nodefaults");
        line.ShouldContain("-no-user-config");
        line.ShouldContain("socket,id=console,fd=6,server=on,wait=off");
        After(line, "-accel").ShouldBe("tcg,tb-size=32");
    }

    [Fact]
    public void SandboxHasRoomForTheCodeThatContainersTake()
    {
        var options = new QemuOptions();

        options.TcgBufferMiBOf(Machine with { Sandbox = true }).ShouldBe(64);
        options.TcgBufferMiBOf(Machine).ShouldBe(32);
    }

    [Fact]
    public void CommasInValuesAreDoubled() => Option.Escape("a,b,,c").ShouldBe("a,,b,,,,c");

    private static string After(IReadOnlyList<string> line, string option) => line[line.ToList().IndexOf(option) + 1];
}

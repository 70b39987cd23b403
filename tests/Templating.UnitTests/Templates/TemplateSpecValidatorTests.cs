using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.UnitTests.Templates;

public sealed class TemplateSpecValidatorTests
{
    private static readonly TemplateSpec Sound = new() { Guest = new GuestSpec { KernelPath = "/boot/vmlinuz" } };

    [Fact]
    public void TheDefaultsAreSound() => TemplateSpecValidator.Validate(Sound).ShouldBeEmpty();

    [Fact]
    public void AllFaultsAreToldAtOnceUnderTheirWirePaths()
    {
        var spec = new TemplateSpec
        {
            Guest = new GuestSpec { KernelPath = "boot", InitrdPath = "/a/../b", CommandLine = "a\nb", ImagePaths = ["/ok", "/x//y"] },
            Machine = new MachineSpec { Vcpus = 0, MemoryBytes = 1, MachineType = "microvm", CpuModel = "max,+x", Accelerator = (Accelerator)9 },
            Readiness = new ReadinessSpec { Timeout = TimeSpan.Zero, WarmUp = [[]] },
            Network = new NetworkSpec(Outbound: false, [new PortForward(1), new PortForward(2), new PortForward(0, -1, "localhost")]),
        };
        TemplateSpecValidator.Validate(spec).Select(v => v.Field).ShouldBe(
        [
            "spec.guest.kernel_path", "spec.guest.initrd_path", "spec.guest.command_line", "spec.guest.image_paths[1]",
            "spec.machine.vcpus", "spec.machine.memory_bytes", "spec.machine.machine_type", "spec.machine.cpu_model",
            "spec.machine.accelerator", "spec.readiness.timeout", "spec.readiness.warm_up[0]",
            "spec.network.forwards[2].guest_port", "spec.network.forwards[2].host_port", "spec.network.forwards[2].host_address",
        ]);
        TemplateSpecValidator.Validate(spec).ShouldAllBe(v => v.Description.EndsWith('.'));
    }

    [Fact]
    public void ASandboxWithANetworkIsRefusedForItHasNoCard()
    {
        var sandbox = Sound with { Sandbox = true };

        Check("spec.network", sound: true, sandbox);
        Check("spec.network", sound: false, sandbox with { Network = new NetworkSpec(Outbound: true, []) });
        Check("spec.network", sound: false, sandbox with { Network = new NetworkSpec(Outbound: false, [new PortForward(80)]) });
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void VcpusAre1To64(int value, bool sound) =>
        Check("spec.machine.vcpus", sound, Sound with { Machine = new MachineSpec { Vcpus = value } });

    [Theory]
    [InlineData(30, false)]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(34, true)]
    [InlineData(1024 * 1024, true)]
    [InlineData((1024 * 1024) + 2, false)]
    [InlineData(-32, false)]
    public void MemoryIsAMultipleOf2MiBFrom32MiBTo1TiB(long mebibytes, bool sound) =>
        Check("spec.machine.memory_bytes", sound, Sound with { Machine = new MachineSpec { MemoryBytes = mebibytes * MachineSpec.MiB } });

    [Theory]
    [InlineData("q35", true)]
    [InlineData("pc-q35-10.0", true)]
    [InlineData("pc-q35-", false)]
    [InlineData("pc-q35-10.0,sata=on", false)]
    [InlineData("pc", false)]
    [InlineData("Q35", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void OnlyQ35MachinesHaveWhatIsNeeded(string? type, bool sound) =>
        Check("spec.machine.machine_type", sound, Sound with { Machine = new MachineSpec { MachineType = type! } });

    [Theory]
    [InlineData(null, true)]
    [InlineData("Skylake-Server-v5", true)]
    [InlineData("", false)]
    [InlineData("-cpu", false)]
    [InlineData("max,enforce", false)]
    [InlineData("a b", false)]
    public void ACpuModelIsANameWithoutFlags(string? model, bool sound) =>
        Check("spec.machine.cpu_model", sound, Sound with { Machine = new MachineSpec { CpuModel = model } });

    [Theory]
    [InlineData(1, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void ACpuModelHasAtMost64Characters(int length, bool sound) =>
        Check("spec.machine.cpu_model", sound, Sound with { Machine = new MachineSpec { CpuModel = new string('x', length) } });

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, true)]
    [InlineData(3_600_000, true)]
    [InlineData(3_600_001, false)]
    public void TheTimeoutIs1SecondTo1Hour(int milliseconds, bool sound) =>
        Check("spec.readiness.timeout", sound, Sound with { Readiness = new ReadinessSpec { Timeout = TimeSpan.FromMilliseconds(milliseconds) } });

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void ThereAreAtMost32WarmUpCommands(int count, bool sound) =>
        Check("spec.readiness.warm_up", sound, WarmUp([.. Enumerable.Repeat<IReadOnlyList<string>>(["true"], count)]));

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void ACommandHas1To256Arguments(int count, bool sound) =>
        Check("spec.readiness.warm_up[0]", sound, WarmUp([.. Enumerable.Repeat("x", count)]));

    [Theory]
    [InlineData((16 * 1024) - 1, true)]
    [InlineData(16 * 1024, false)]
    public void ACommandHasAtMost16KiBOfArguments(int length, bool sound) =>
        Check("spec.readiness.warm_up[0]", sound, WarmUp([new string('x', length)]));

    [Theory]
    [InlineData(6, true)]
    [InlineData(7, false)]
    public void AllCommandsHaveAtMost96KiBOfArguments(int commands, bool sound) =>
        Check("spec.readiness.warm_up", sound, WarmUp([.. Enumerable.Repeat<IReadOnlyList<string>>([new string('x', (16 * 1024) - 1)], commands)]));

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData(null)]
    public void AnArgumentThatNoProgramCanBeGivenIsRefused(string? program) =>
        Check("spec.readiness.warm_up[0]", false, WarmUp([program!]));

    /// <summary>Facts, because an attribute's text is stored as UTF-8 and half a pair does not survive that.</summary>
    [Fact]
    public void HalfASurrogatePairIsRefused()
    {
        Check("spec.readiness.warm_up[0]", false, WarmUp(["x", "\ud800"]));
        Check("spec.guest.kernel_path", false, Sound with { Guest = Sound.Guest with { KernelPath = "/\ud800" } });
    }

    [Theory]
    [InlineData(2047, true)]
    [InlineData(2048, false)]
    public void TheCommandLineFitsTheBootProtocol(int length, bool sound) =>
        Check("spec.guest.command_line", sound, Sound with { Guest = Sound.Guest with { CommandLine = new string('x', length) } });

    [Theory]
    [InlineData(" ~", true)]
    [InlineData("\u001f", false)]
    [InlineData("\u007f", false)]
    [InlineData("ü", false)]
    [InlineData("\n", false)]
    public void TheCommandLineIsPrintableAscii(string line, bool sound) =>
        Check("spec.guest.command_line", sound, Sound with { Guest = Sound.Guest with { CommandLine = line } });

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void ThereAreAtMost8Images(int count, bool sound) =>
        Check("spec.guest.image_paths", sound, Sound with { Guest = Sound.Guest with { ImagePaths = [.. Enumerable.Repeat("/a", count)] } });

    [Theory]
    [InlineData("/a", true)]
    [InlineData("/a b/ü.img", true)]
    [InlineData("/..a", true)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("/", false)]
    [InlineData("/a/", false)]
    [InlineData("/a//b", false)]
    [InlineData("/a/./b", false)]
    [InlineData("/a/..", false)]
    [InlineData("/a\nb", false)]
    [InlineData("/a\0b", false)]
    [InlineData("/a\u0085b", false)]
    [InlineData(null, false)]
    public void APathIsAbsoluteAndInItsShortestForm(string? path, bool sound) =>
        Check("spec.guest.kernel_path", sound, Sound with { Guest = Sound.Guest with { KernelPath = path! } });

    [Theory]
    [InlineData(4095, true)]
    [InlineData(4096, false)]
    public void APathHasAtMost4095Bytes(int length, bool sound) =>
        Check("spec.guest.initrd_path", sound, Sound with { Guest = Sound.Guest with { InitrdPath = "/" + new string('x', length - 1) } });

    [Theory]
    [InlineData(0, 0, "guest_port")]
    [InlineData(1, 0, null)]
    [InlineData(65535, 0, null)]
    [InlineData(65536, 0, "guest_port")]
    [InlineData(1, -1, "host_port")]
    [InlineData(1, 65535, null)]
    [InlineData(1, 65536, "host_port")]
    public void PortsArePorts(int guest, int host, string? fault) =>
        TemplateSpecValidator.Validate(Forwards(new PortForward(guest, host))).Select(v => v.Field)
            .ShouldBe(fault is null ? [] : ["spec.network.forwards[0]." + fault]);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("127.1", false)]
    [InlineData("0177.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("localhost", false)]
    [InlineData("", false)]
    [InlineData("127.0.0.1:1-:2", false)]
    public void AHostAddressIsAnIpv4AddressInItsOneForm(string address, bool sound) =>
        Check("spec.network.forwards[0].host_address", sound, Forwards(new PortForward(1, 1, address)));

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void ThereAreAtMost32Forwards(int count, bool sound) =>
        Check("spec.network.forwards", sound, Forwards([.. Enumerable.Range(1, count).Select(i => new PortForward(i))]));

    [Fact]
    public void APortOfTheHostLeadsToOneOfTheGuest()
    {
        Check("spec.network.forwards[1].guest_port", true, Forwards(new PortForward(80, 8080), new PortForward(80, 8081), new PortForward(80)));
        Check("spec.network.forwards[1].host_port", false, Forwards(new PortForward(80, 8080), new PortForward(81, 8080)));
        Check("spec.network.forwards[1].host_port", true, Forwards(new PortForward(80, 8080), new PortForward(81, 8080, "127.0.0.2")));
        Check("spec.network.forwards[1].host_port", true, Forwards(new PortForward(80), new PortForward(81)));
    }

    private static TemplateSpec WarmUp(params IReadOnlyList<IReadOnlyList<string>> commands) =>
        Sound with { Readiness = new ReadinessSpec { WarmUp = commands } };

    private static TemplateSpec WarmUp(string[] command) => WarmUp((IReadOnlyList<IReadOnlyList<string>>)[command]);

    private static TemplateSpec Forwards(params PortForward[] forwards) => Sound with { Network = new NetworkSpec(Outbound: false, forwards) };

    private static void Check(string field, bool sound, TemplateSpec spec)
    {
        var violations = TemplateSpecValidator.Validate(spec);
        if (sound)
        {
            violations.ShouldBeEmpty();
        }
        else
        {
            violations.ShouldHaveSingleItem().Field.ShouldBe(field);
        }
    }
}

using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Base;
using Templating.V1;
using WireCommand = Templating.V1.Command;

namespace Templating.Cli.Templates;

/// <summary>A template's spec by flags; each overrides what the file says.</summary>
internal sealed class TemplateSpecFlags
{
    private readonly Option<string?> _kernel = OptionKinds.Text("--kernel", "FILE", "The guest's kernel, a file on the node");
    private readonly Option<string?> _initrd = OptionKinds.Text("--initrd", "FILE", "The guest's initrd, a file on the node");
    private readonly Option<string[]> _images = OptionKinds.Texts("--image", "FILE", "A read-only image for the guest, pmem0 and on");
    private readonly Option<string?> _append = OptionKinds.Text("--append", "TEXT", "The kernel's command line");
    private readonly Option<long?> _memory = OptionKinds.Size("--memory", "RAM, a multiple of 2MiB (default 256MiB)");
    private readonly Option<int?> _vcpus = OptionKinds.Number("--vcpus", 1, 64, "Virtual CPUs (default 1)");
    private readonly Option<long?> _maxMemory = OptionKinds.Size("--max-memory", "RAM it may grow to (default: as --memory)");
    private readonly Option<int?> _maxVcpus = OptionKinds.Number("--max-vcpus", 1, 64, "Virtual CPUs it may grow to (default: as --vcpus)");
    private readonly Option<string?> _machine = OptionKinds.Text("--machine", "TYPE", "QEMU machine type, a q35 (default q35)");
    private readonly Option<string?> _cpu = OptionKinds.Text("--cpu", "MODEL", "QEMU CPU model (default: the best there is)");
    private readonly Option<AcceleratorChoice> _accelerator = OptionKinds.Choice<AcceleratorChoice>("--accelerator", "KVM or emulation; auto takes KVM where it works");
    private readonly Option<TimeSpan?> _ready = OptionKinds.Duration("--ready-timeout", "For boot and warm-up together (default 2m)");
    private readonly Option<bool> _noBoot = OptionKinds.Flag("--no-wait-for-boot", "Do not wait until a guest with systemd has booted; its agent is enough");
    private readonly Option<string[]> _warmUp = OptionKinds.Texts("--warm-up", "COMMAND", "A shell command to run before the freeze");
    private readonly Option<PortForward[]> _forwards = OptionKinds.Forwards("--forward", "A TCP port of the guest to reach from the host");
    private readonly Option<bool> _outbound = OptionKinds.Flag("--outbound", "Let guests open connections outwards; not to the host's loopback");
    private readonly Option<bool> _sandbox = OptionKinds.Flag("--sandbox", "Clones of it may get devices while they run; it has no network card of its own");

    private enum AcceleratorChoice
    {
        Auto,
        Kvm,
        Tcg,
    }

    public void AddTo(CliCommand command)
    {
        System.CommandLine.Option[] all = [_kernel, _initrd, _images, _append, _memory, _vcpus, _maxMemory, _maxVcpus, _machine, _cpu, _accelerator, _ready, _noBoot, _warmUp, _forwards, _outbound, _sandbox];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public void Apply(CliContext context, TemplateSpec spec)
    {
        ApplyGuest(context, spec.Guest ??= new GuestSpec());
        ApplyMachine(context, spec.Machine ??= new MachineSpec());
        if (context.Get(_ready) is { } timeout)
        {
            (spec.Readiness ??= new ReadinessSpec()).Timeout = timeout.ToDuration();
        }

        if (context.Get(_noBoot))
        {
            (spec.Readiness ??= new ReadinessSpec()).WaitForBoot = false;
        }

        if (context.Get(_warmUp) is { Length: > 0 } lines)
        {
            spec.Readiness ??= new ReadinessSpec();
            spec.Readiness.WarmUp.Clear();
            spec.Readiness.WarmUp.Add(lines.Select(line => new WireCommand { Arguments = { "/bin/sh", "-c", line } }));
        }

        if (context.Get(_forwards) is { Length: > 0 } forwards)
        {
            spec.Network ??= new NetworkSpec();
            spec.Network.Forwards.Clear();
            spec.Network.Forwards.Add(forwards);
        }

        if (context.Get(_outbound))
        {
            (spec.Network ??= new NetworkSpec()).Outbound = true;
        }

        spec.Sandbox |= context.Get(_sandbox);
    }

    private void ApplyGuest(CliContext context, GuestSpec guest)
    {
        guest.KernelPath = context.Get(_kernel) is { } kernel ? OnNode(context, kernel) : guest.KernelPath;
        guest.InitrdPath = context.Get(_initrd) is { } initrd ? OnNode(context, initrd) : guest.InitrdPath;
        guest.CommandLine = context.Get(_append) ?? guest.CommandLine;
        if (context.Get(_images) is { Length: > 0 } images)
        {
            guest.ImagePaths.Clear();
            guest.ImagePaths.Add(images.Select(image => OnNode(context, image)));
        }
    }

    private void ApplyMachine(CliContext context, MachineSpec machine)
    {
        machine.MemoryBytes = context.Get(_memory) ?? machine.MemoryBytes;
        machine.Vcpus = context.Get(_vcpus) ?? machine.Vcpus;
        machine.MaxMemoryBytes = context.Get(_maxMemory) ?? machine.MaxMemoryBytes;
        machine.MaxVcpus = context.Get(_maxVcpus) ?? machine.MaxVcpus;
        machine.MachineType = context.Get(_machine) ?? machine.MachineType;
        machine.CpuModel = context.Get(_cpu) ?? machine.CpuModel;
        machine.Accelerator = context.Get(_accelerator) switch
        {
            AcceleratorChoice.Kvm => Accelerator.Kvm,
            AcceleratorChoice.Tcg => Accelerator.Tcg,
            _ when context.Parse.GetResult(_accelerator) is { Implicit: false } => Accelerator.Unspecified,
            _ => machine.Accelerator,
        };
    }

    // Behind a Unix socket the node is this machine, so a path relative to the caller's folder has a meaning.
    private static string OnNode(CliContext context, string path) =>
        context.Address.SocketPath is not null && path.Length > 0 ? Path.GetFullPath(path) : path;
}

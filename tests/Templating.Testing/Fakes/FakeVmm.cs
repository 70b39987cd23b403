using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Testing.Fakes;

/// <summary>
/// Stands in for QEMU where a test is about what Core does around it: order of steps, failures at each, cancellation.
/// What QEMU itself does is tested with QEMU.
/// </summary>
public sealed class FakeVmm : IVmm
{
    private int _nextPid = 1_000_000;

    public const string Version = "10.0.2 (Fake)";

    public List<FakeVm> Vms { get; } = [];

    public List<FakeBlankVm> Blanks { get; } = [];

    public List<VmFolder> Reaped { get; } = [];

    /// <summary>Called before each step with its name (boot, ready, exec, freeze; prepare, blank, bind, restore, resume, identify; adopt); may throw or wait.</summary>
    public Func<string, FakeVm?, CancellationToken, Task> OnStep { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>What a guest answers to a command.</summary>
    public Func<IReadOnlyList<string>, IReadOnlyList<ExecOutput>> OnExec { get; set; } =
        arguments => [new ExecExited(arguments[0] switch { "false" => 1, "systemctl" => 127, _ => 0 }, null)];

    /// <summary>Makes a step fail.</summary>
    public void FailAt(string step, ErrorCode code, string message) =>
        OnStep = (s, _, _) => s == step ? throw new TemplatingException(code, message) : Task.CompletedTask;

    public VmmInfo Info { get; set; } =
        new("/usr/bin/qemu-fake", Version, "pc-q35-10.0", Accelerator.Tcg, "no /dev/kvm", "Fake CPU");

    /// <summary>Which binary is installed: blank VMs of another one are not current.</summary>
    public int Build { get; set; }

    public VmmInfo? Known => Info;

    /// <summary>Called whenever somebody asks what is installed.</summary>
    public Action OnProbe { get; set; } = () => { };

    public Task<VmmInfo> ProbeAsync(bool refresh, CancellationToken cancellationToken)
    {
        OnProbe();
        return Task.FromResult(Info);
    }

    public Task<ResolvedMachine> ResolveAsync(MachineSpec spec, int imageCount, bool sandbox, CancellationToken cancellationToken) =>
        Task.FromResult(new ResolvedMachine
        {
            QemuVersion = Info.Version,
            MachineType = Info.DefaultMachineType,
            CpuModel = "max",
            Accelerator = Accelerator.Tcg,
            Vcpus = spec.Vcpus,
            MemoryBytes = spec.MemoryBytes,
            MaxVcpus = spec.MaxVcpus,
            MaxMemoryBytes = spec.MaxMemoryBytes,
            Sandbox = sandbox,
            Devices = ["vmgenid"],
        });

    public async Task<IVm> BootAsync(BootRequest request, CancellationToken cancellationToken)
    {
        await OnStep("boot", null, cancellationToken);
        return Start(request.Folder, VmRunState.Running, request.StatePath);
    }

    public async Task<IVm> PrepareAsync(PrepareRequest request, CancellationToken cancellationToken)
    {
        await OnStep("prepare", null, cancellationToken);
        return Start(request.Folder, VmRunState.Prepared, request.StatePath);
    }

    public async Task<IBlankVm> StartBlankAsync(BlankRequest request, CancellationToken cancellationToken)
    {
        await OnStep("blank", null, cancellationToken);
        var vm = new FakeBlankVm(this, request, new VmProcessId(Interlocked.Increment(ref _nextPid), 1, Guid.Empty));
        lock (Blanks)
        {
            Blanks.Add(vm);
        }

        return vm;
    }

    public async Task<IVm?> AdoptAsync(VmFolder folder, VmProcessId process, CancellationToken cancellationToken)
    {
        FakeVm? vm;
        lock (Vms)
        {
            vm = Vms.Find(v => v.Process == process && !v.Exited.IsCompleted);
        }

        await OnStep("adopt", vm, cancellationToken);
        return vm;
    }

    /// <summary>Which processes no signal ends.</summary>
    public Func<LeftVm, LingeringVm?> Lingers { get; set; } = _ => null;

    public Task<IReadOnlyList<LingeringVm>> ReapAsync(IReadOnlyList<LeftVm> left, CancellationToken cancellationToken)
    {
        Reaped.AddRange(left.Select(l => l.Folder));
        return Task.FromResult<IReadOnlyList<LingeringVm>>([.. left.Select(Lingers).OfType<LingeringVm>()]);
    }

    private FakeVm Start(VmFolder folder, VmRunState state, string statePath) =>
        Start(folder, state, statePath, new VmProcessId(Interlocked.Increment(ref _nextPid), 1, Guid.Empty));

    internal FakeVm Start(VmFolder folder, VmRunState state, string statePath, VmProcessId process)
    {
        var vm = new FakeVm(this, folder, process) { State = state, StatePath = statePath };
        lock (Vms)
        {
            Vms.Add(vm);
        }

        return vm;
    }
}

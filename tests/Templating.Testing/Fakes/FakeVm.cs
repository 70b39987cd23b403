using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Testing.Fakes;

public sealed class FakeVm(FakeVmm owner, VmFolder folder, VmProcessId process) : IVm, IVmDevices, IGuest
{
    private readonly TaskCompletionSource<VmExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public VmFolder Folder => folder;

    public VmRunState State { get; set; }

    public GuestIdentity? Identity { get; private set; }

    public bool Killed { get; private set; }

    public List<PortForward> Forwards { get; } = [];

    public VmProcessId Process => process;

    public Task<VmExit> Exited => _exit.Task;

    public IGuest Guest => this;

    /// <summary>What its guest printed.</summary>
    public byte[] Printed { get; set; } = [];

    public IConsole Console => new EndedConsole(Printed);

    public IVmDevices Devices => this;

    /// <summary>Ends the VM as if its guest or somebody else had.</summary>
    public void End(string reason, bool guestRequested, bool panicked = false) =>
        _exit.TrySetResult(new VmExit(0, null, reason, guestRequested, "") { Panicked = panicked });

    public string StatePath { get; init; } = "";

    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        await owner.OnStep("restore", this, cancellationToken);
        RequireAlive();
        State = VmRunState.Paused;
    }

    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        await owner.OnStep("resume", this, cancellationToken);
        RequireAlive();
        State = VmRunState.Running;
    }

    public Task PauseAsync(CancellationToken cancellationToken)
    {
        State = VmRunState.Paused;
        return Task.CompletedTask;
    }

    public async Task<VmRunState> QueryStateAsync(CancellationToken cancellationToken)
    {
        await owner.OnStep("query", this, cancellationToken);
        return State;
    }

    public async Task FreezeAsync(CancellationToken cancellationToken)
    {
        await owner.OnStep("freeze", this, cancellationToken);
        await using var state = new FileStream(StatePath, FileMode.Open, FileAccess.Write);
        await state.WriteAsync("state"u8.ToArray(), cancellationToken);
    }

    public Task<IReadOnlyList<PortForward>> QueryForwardsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PortForward>>([new PortForward(80, 40080)]);

    public async Task AddForwardAsync(PortForward forward, CancellationToken cancellationToken)
    {
        await owner.OnStep("forward", this, cancellationToken);
        Forwards.Add(forward);
    }

    /// <summary>What is plugged into it.</summary>
    public List<PluggedDevice> Plugged { get; } = [];

    public async Task<PluggedDevice> PlugImageAsync(string path, CancellationToken cancellationToken)
    {
        await owner.OnStep("plug", this, cancellationToken);
        return Plug(PluggedKind.Image, new FileInfo(path).Length);
    }

    public async Task<PluggedDevice> PlugDiskAsync(SafeFileHandle file, long bytes, string serial, CancellationToken cancellationToken)
    {
        await owner.OnStep("plug_disk", this, cancellationToken);
        return Plug(PluggedKind.Disk, bytes) with { Serial = serial };
    }

    public async Task<PluggedDevice> PlugNodeDiskAsync(SafeFileHandle device, long bytes, string serial, bool readOnly, CancellationToken cancellationToken)
    {
        await owner.OnStep("plug_node_disk", this, cancellationToken);
        return Plug(PluggedKind.Disk, bytes) with { Serial = serial };
    }

    public async Task<PluggedDevice> PlugNicAsync(SafeFileHandle tap, NicSpec card, CancellationToken cancellationToken)
    {
        await owner.OnStep("plug_nic", this, cancellationToken);
        return Plug(PluggedKind.Nic, 0) with { Mac = card.Mac };
    }

    public async Task UnplugAsync(string id, CancellationToken cancellationToken)
    {
        await owner.OnStep("unplug", this, cancellationToken);
        Plugged.RemoveAll(device => device.Id == id);
    }

    public Task PlugMemoryAsync(long bytes, CancellationToken cancellationToken) => owner.OnStep("plug_memory", this, cancellationToken);

    public Task PlugCpusAsync(int vcpus, CancellationToken cancellationToken) => owner.OnStep("plug_cpus", this, cancellationToken);

    /// <summary>What it has used of its files, the RAM first.</summary>
    public IReadOnlyList<IReadOnlyList<FileRange>> UsedPages { get; set; } = [];

    public IReadOnlyList<IReadOnlyList<FileRange>> ReadUsedPages() => UsedPages;

    public Task<VmMemory> ReadMemoryAsync(CancellationToken cancellationToken) => Task.FromResult(new VmMemory(4, 3, 2, 1, 1, 0));

    private void RequireAlive()
    {
        if (_exit.Task.IsCompleted)
        {
            throw new TemplatingException(ErrorCode.QemuExited, "QEMU has ended.");
        }
    }

    private PluggedDevice Plug(PluggedKind kind, long bytes)
    {
        var device = new PluggedDevice { Id = $"plug{Plugged.Count}", Kind = kind, Bridge = $"0000:00:{8 + Plugged.Count:x2}.0", Bytes = bytes };
        Plugged.Add(device);
        return device;
    }

    /// <summary>What its guest does when it is asked to power off, before it is gone.</summary>
    public Func<TimeSpan, CancellationToken, Task> OnStop { get; set; } = (_, _) => Task.CompletedTask;

    public async Task<VmExit> StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        await OnStop(grace, cancellationToken);
        return await KillAsync();
    }

    public Task<VmExit> KillAsync()
    {
        Killed = true;
        _exit.TrySetResult(new VmExit(null, 9, "killed", GuestRequested: false, ""));
        return Exited;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<GuestAgentKind> WaitReadyAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await owner.OnStep("ready", this, cancellationToken);
        return GuestAgentKind.Templating;
    }

    public async Task<GuestAgentKind> SettleAsync(CancellationToken cancellationToken)
    {
        await owner.OnStep("settle", this, cancellationToken);
        return GuestAgentKind.Templating;
    }

    /// <summary>Which agent it was said to have.</summary>
    public GuestAgentKind? Expected { get; private set; }

    public void Expect(GuestAgentKind kind) => Expected = kind;

    public async Task<IdentityConfirmation> IdentifyAsync(
        GuestIdentity identity, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await owner.OnStep("identify", this, cancellationToken);
        Identity = identity;
        return new IdentityConfirmation(
            identity.Hostname, identity.MachineId, identity.Clock.GetUtcNow(), KernelReseeded: true, new string('a', 32));
    }

    public async IAsyncEnumerable<ExecOutput> ExecAsync(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await owner.OnStep("exec", this, cancellationToken);
        foreach (var output in owner.OnExec(command.Arguments))
        {
            yield return output;
        }
    }
}

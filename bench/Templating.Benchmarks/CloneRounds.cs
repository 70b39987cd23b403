using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The daemon's clones and the bare driver's, in turn. Samples are in milliseconds.</summary>
internal sealed class CloneRounds(Daemon daemon, BareDriver bare, GuestTemplate template, Folders folders, Samples samples)
{
    private readonly string _state = Path.Combine(template.FolderIn(folders.Store), "state");
    private CommandLine? _command;

    /// <summary>Twice, unrecorded: loads files into the page cache and compiles this program's own code.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        var clone = await CreateAsync(WaitFor.Ready, cancellationToken);
        _command = CommandLine.Of(clone.Pid);
        await DeleteAsync(clone, cancellationToken);
        var unrecorded = new CloneRounds(daemon, bare, template, folders, new Samples()) { _command = _command };
        await unrecorded.RunAsync(0, cancellationToken);
        await unrecorded.RunAsync(1, cancellationToken);
    }

    public async Task RunAsync(int round, CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task>[] steps = [RunningAsync, BareRunningAsync, ReadyAsync, BareReadyAsync];
        // The second of a pair may find something warm that the first did not: take turns.
        foreach (var step in round % 2 == 0 ? steps : [steps[1], steps[0], steps[3], steps[2]])
        {
            await step(cancellationToken);
        }
    }

    public async Task BootAsync(CancellationToken cancellationToken)
    {
        var times = await bare.BootAsync(template.Boot, template.Template.Machine.MemoryBytes, cancellationToken);
        samples.Add("boot.identity", times["identity"]);
        samples.Add("boot.http", times["http"]);
    }

    private async Task RunningAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clone = await CreateAsync(WaitFor.Running, cancellationToken);
        samples.Add("clone.running", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        AddPhases("clone.running.phase.", clone);
        await DeleteAsync(clone, cancellationToken);
    }

    private async Task BareRunningAsync(CancellationToken cancellationToken)
    {
        var times = await bare.CloneAsync(_command!, _state, http: false, cancellationToken);
        samples.Add("bare.running", times["running"]);
        samples.Add("bare.running.phase.qemu_start", times["qemu_start"]);
        samples.Add("bare.running.phase.restore", times["restore"] - times["qemu_start"]);
        samples.Add("bare.running.phase.resume", times["running"] - times["restore"]);
    }

    private async Task ReadyAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clone = await CreateAsync(WaitFor.Ready, cancellationToken);
        samples.Add("clone.ready", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        await WebPage.WaitAsync(clone.Network.Forwards[0].HostPort, clone.Id, cancellationToken);
        samples.Add("clone.http", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        AddPhases("clone.ready.phase.", clone);
        await DeleteAsync(clone, cancellationToken);
    }

    private async Task BareReadyAsync(CancellationToken cancellationToken)
    {
        var times = await bare.CloneAsync(_command!, _state, http: true, cancellationToken);
        samples.Add("bare.ready", times["identity"]);
        samples.Add("bare.http", times["http"]);
        samples.Add("bare.ready.phase.qemu_start", times["qemu_start"]);
        samples.Add("bare.ready.phase.restore", times["restore"] - times["qemu_start"]);
        samples.Add("bare.ready.phase.resume", times["running"] - times["restore"]);
        samples.Add("bare.ready.phase.identity", times["identity"] - times["running"]);
    }

    private void AddPhases(string prefix, VmClone clone)
    {
        foreach (var phase in clone.Phases)
        {
            samples.Add(prefix + phase.Name, phase.Duration.ToTimeSpan().TotalMilliseconds);
        }
    }

    private async Task<VmClone> CreateAsync(WaitFor waitFor, CancellationToken cancellationToken) =>
        await daemon.Client.Clones.CreateCloneAsync(
            new CreateCloneRequest { Spec = template.NewClone(), WaitFor = waitFor }, cancellationToken: cancellationToken);

    private async Task DeleteAsync(VmClone clone, CancellationToken cancellationToken) =>
        await daemon.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
}

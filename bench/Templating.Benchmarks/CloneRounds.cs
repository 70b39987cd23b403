using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>The daemon's clones and the bare driver's, in turn. Samples are in milliseconds.</summary>
internal sealed class CloneRounds(
    Daemon daemon, BareDriver bare, GuestTemplate template, CommandLine command, KataGuest kata, Folders folders, Samples samples)
{
    private readonly string _state = Path.Combine(template.FolderIn(folders.Store), "state");
    private readonly Clones _clones = new(daemon, template);

    /// <summary>Twice, unrecorded: loads files into the page cache and compiles this program's own code.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        // Its guest must answer, or what is measured of it would be worth nothing.
        await bare.KataAsync(kata, identity: true, cancellationToken);
        var unrecorded = new CloneRounds(daemon, bare, template, command, kata, folders, new Samples());
        await unrecorded.RunAsync(0, cancellationToken);
        await unrecorded.RunAsync(1, cancellationToken);
    }

    public async Task RunAsync(int round, CancellationToken cancellationToken)
    {
        await InTurnAsync(round, [RunningAsync, BareRunningAsync, KataAsync], cancellationToken);
        await InTurnAsync(round, [ReadyAsync, BareReadyAsync], cancellationToken);
    }

    /// <summary>Apart from the others: what they find in the page cache would be another's doing.</summary>
    public Task RunLostAsync(int round, CancellationToken cancellationToken) => InTurnAsync(round, [LostAsync, BareLostAsync], cancellationToken);

    public async Task BootAsync(CancellationToken cancellationToken)
    {
        var times = await bare.BootAsync(template.Boot, template.Template.Machine.MemoryBytes, cancellationToken);
        samples.Add("boot.identity", times["identity"]);
        samples.Add("boot.http", times["http"]);
    }

    /// <summary>The second of those that are compared may find something warm that the first did not.</summary>
    private static async Task InTurnAsync(int round, Func<CancellationToken, Task>[] compared, CancellationToken cancellationToken)
    {
        for (var i = 0; i < compared.Length; i++)
        {
            await compared[(i + round) % compared.Length](cancellationToken);
        }
    }

    private async Task RunningAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Running, cancellationToken);
        samples.Add("clone.running", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        samples.AddPhases("clone.running.phase.", Clones.Phases(clone));
        await DeleteAsync(clone, cancellationToken);
    }

    private async Task BareRunningAsync(CancellationToken cancellationToken)
    {
        var times = await bare.CloneAsync(command, _state, http: false, cancellationToken);
        samples.Add("bare.running", times["running"]);
        samples.Add("bare.restored", times["running"] - times["qemu_start"]);
        samples.Add("bare.running.phase.qemu_start", times["qemu_start"]);
        samples.Add("bare.running.phase.restore", times["restore"] - times["qemu_start"]);
        samples.Add("bare.running.phase.resume", times["running"] - times["restore"]);
    }

    private async Task KataAsync(CancellationToken cancellationToken)
    {
        var times = await bare.KataAsync(kata, identity: false, cancellationToken);
        samples.Add("kata.running", times["running"]);
        samples.Add("kata.running.phase.qemu_start", times["qemu_start"]);
        samples.Add("kata.running.phase.restore", times["restore"] - times["qemu_start"]);
        samples.Add("kata.running.phase.resume", times["running"] - times["restore"]);
    }

    private async Task ReadyAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Ready, cancellationToken);
        samples.Add("clone.ready", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        await WebPage.WaitAsync(clone.Network.Forwards[0].HostPort, clone.Id, cancellationToken);
        samples.Add("clone.http", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        samples.AddPhases("clone.ready.phase.", Clones.Phases(clone));
        await DeleteAsync(clone, cancellationToken);
    }

    private async Task BareReadyAsync(CancellationToken cancellationToken)
    {
        var times = await bare.CloneAsync(command, _state, http: true, cancellationToken);
        samples.Add("bare.ready", times["identity"]);
        samples.Add("bare.http", times["http"]);
        samples.Add("bare.ready.phase.qemu_start", times["qemu_start"]);
        samples.Add("bare.ready.phase.restore", times["restore"] - times["qemu_start"]);
        samples.Add("bare.ready.phase.resume", times["running"] - times["restore"]);
        samples.Add("bare.ready.phase.identity", times["identity"] - times["running"]);
    }

    private async Task LostAsync(CancellationToken cancellationToken)
    {
        await bare.ForgetAsync(command, _state, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Ready, cancellationToken);
        samples.Add("clone.lost.ready", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        await DeleteAsync(clone, cancellationToken);
    }

    private async Task BareLostAsync(CancellationToken cancellationToken)
    {
        await bare.ForgetAsync(command, _state, cancellationToken);
        samples.Add("bare.lost.ready", (await bare.CloneAsync(command, _state, http: true, cancellationToken))["identity"]);
    }

    private async Task DeleteAsync(VmClone clone, CancellationToken cancellationToken) =>
        await daemon.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);
}

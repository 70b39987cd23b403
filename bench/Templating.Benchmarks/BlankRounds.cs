using System.Diagnostics;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>
/// Clones from blank VMs, by a daemon of their own that has some: the other has none, so that its clones start cold. Samples are in milliseconds.
/// </summary>
internal sealed class BlankRounds : IAsyncDisposable
{
    private static readonly TimeSpan RefillLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly Daemon _daemon;
    private readonly Folders _folders;
    private readonly Clones _clones;

    private BlankRounds(Daemon daemon, Folders folders, GuestTemplate template) =>
        (_daemon, _folders, _clones) = (daemon, folders, new Clones(daemon, template));

    public static async Task<BlankRounds> StartAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var folders = new Folders { Blanks = 1, FirstUid = Folders.OtherFirstUid };
        var daemon = default(Daemon);
        try
        {
            daemon = await Daemon.StartAsync(options.Executable, folders, cancellationToken);
            var rounds = new BlankRounds(daemon, folders, await GuestTemplate.CreateAsync(daemon, options.GuestFolder, sandbox: false, folders, cancellationToken));
            // The first clone of a shape starts cold, and makes it one that is in use.
            await rounds.CreateAsync(cancellationToken);
            return rounds;
        }
        catch (Exception)
        {
            if (daemon is not null)
            {
                await daemon.DisposeAsync();
            }

            folders.Dispose();
            throw;
        }
    }

    public async Task RunAsync(Samples samples, CancellationToken cancellationToken)
    {
        await WaitForOneAsync(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var clone = await _clones.CreateAsync(WaitFor.Running, cancellationToken);
        samples.Add("blank.running", Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        samples.AddPhases("blank.running.phase.", clone.Phases.Any(p => p.Name == "bind")
            ? Clones.Phases(clone)
            : throw new BenchmarkException($"A clone started cold although a blank VM waited: {string.Join(", ", clone.Phases.Select(p => p.Name))}."));
        await DeleteAsync(clone, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _folders.Dispose();
    }

    private async Task CreateAsync(CancellationToken cancellationToken) =>
        await DeleteAsync(await _clones.CreateAsync(WaitFor.Ready, cancellationToken), cancellationToken);

    private async Task DeleteAsync(VmClone clone, CancellationToken cancellationToken) =>
        await _daemon.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: cancellationToken);

    private async Task WaitForOneAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RefillLimit);
        while (await _daemon.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: limit.Token) is { BlankVms: 0 } node)
        {
            if (node.BlankProblem.Length > 0)
            {
                throw new BenchmarkException($"No blank VMs here: {node.BlankProblem}");
            }

            await Task.Delay(Pause, TimeProvider.System, limit.Token);
        }
    }
}

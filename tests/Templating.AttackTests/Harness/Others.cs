using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.AttackTests.Harness;

/// <summary>A tenant that minds its own business: it looks at its clone all the time and makes another now and then.</summary>
internal sealed class Others(TemplatingClient client, VmClone clone)
{
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan BetweenClones = TimeSpan.FromSeconds(1);

    private readonly List<TimeSpan> _reads = [];
    private readonly List<TimeSpan> _clones = [];

    public IReadOnlyList<TimeSpan> Reads => _reads;

    public IReadOnlyList<TimeSpan> Clones => _clones;

    /// <summary>Calls until <paramref name="over"/>; each call that was begun is seen through. A call that fails, fails this.</summary>
    public async Task GoOnAsync(CancellationToken over, CancellationToken cancellationToken) =>
        await Task.WhenAll(Task.Run(() => ReadAsync(over, cancellationToken), cancellationToken), Task.Run(() => CloneAsync(over, cancellationToken), cancellationToken));

    public static TimeSpan Median(IReadOnlyList<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private async Task ReadAsync(CancellationToken over, CancellationToken cancellationToken)
    {
        do
        {
            _reads.Add(await TimeAsync(() => client.GetAsync(clone, cancellationToken)));
            _reads.Add(await TimeAsync(() => client.Clones.ListClonesAsync(
                new ListClonesRequest { Parent = $"tenants/{PreparedStore.Tenant}" }, cancellationToken: cancellationToken).ResponseAsync));
        }
        while (await PauseAsync(BetweenReads, over));
    }

    private async Task CloneAsync(CancellationToken over, CancellationToken cancellationToken)
    {
        do
        {
            VmClone? made = null;
            _clones.Add(await TimeAsync(async () => made = await client.CloneAsync(cancellationToken)));
            await client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = made!.Name }, cancellationToken: cancellationToken);
        }
        while (await PauseAsync(BetweenClones, over));
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> call)
    {
        var began = TimeProvider.System.GetTimestamp();
        await call();
        return TimeProvider.System.GetElapsedTime(began);
    }

    /// <summary>False when it is over.</summary>
    private static async Task<bool> PauseAsync(TimeSpan pause, CancellationToken over)
    {
        try
        {
            await Task.Delay(pause, TimeProvider.System, over);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.AttackTests.Harness;

/// <summary>
/// A tenant that minds its own business: it looks at its clone all the time, connects anew every moment, and makes another clone and runs
/// a command in it now and then. A call of its that fails, fails the test.
/// </summary>
internal sealed class Others(NodeFolder folder, TemplatingClient client, VmClone clone)
{
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BetweenConnections = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenClones = TimeSpan.FromSeconds(1);

    /// <summary>Looks at a clone and at all.</summary>
    public Times Reads { get; } = new();

    /// <summary>The same by a connection of its own.</summary>
    public Times Connections { get; } = new();

    /// <summary>Clones made, until ready.</summary>
    public Times Clones { get; } = new();

    /// <summary>Calls until <paramref name="over"/>; what was begun is seen through.</summary>
    public Task GoOnAsync(CancellationToken over, CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => ReadAsync(over, cancellationToken), cancellationToken),
        RepeatAsync(ConnectAsync, BetweenConnections, over, cancellationToken),
        RepeatAsync(CloneAsync, BetweenClones, over, cancellationToken));

    /// <summary>Begins them in time, however long those before take: else a daemon that stands still for a second would count as one slow call.</summary>
    private async Task ReadAsync(CancellationToken over, CancellationToken cancellationToken)
    {
        var reads = new List<Task>();
        do
        {
            reads.Add(Reads.TakeAsync(() => client.GetAsync(clone, cancellationToken)));
            reads.Add(Reads.TakeAsync(() => client.Clones.ListClonesAsync(
                new ListClonesRequest { Parent = $"tenants/{PreparedStore.Tenant}" }, cancellationToken: cancellationToken).ResponseAsync));
        }
        while (await PauseAsync(BetweenReads, over));
        await Task.WhenAll(reads);
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var another = new TemplatingClient(new TemplatingClientOptions { Address = NodeDaemon.AddressOf(folder) });
        await Connections.TakeAsync(() => another.GetAsync(clone, cancellationToken));
    }

    private async Task CloneAsync(CancellationToken cancellationToken)
    {
        VmClone? made = null;
        await Clones.TakeAsync(async () => made = await client.CloneAsync(cancellationToken));
        (await client.ShellAsync(made!, "echo on", cancellationToken)).Output.ShouldBe("on\n");
        await client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = made!.Name }, cancellationToken: cancellationToken);
    }

    private static Task RepeatAsync(Func<CancellationToken, Task> call, TimeSpan pause, CancellationToken over, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            do
            {
                await call(cancellationToken);
            }
            while (await PauseAsync(pause, over));
        },
        cancellationToken);

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

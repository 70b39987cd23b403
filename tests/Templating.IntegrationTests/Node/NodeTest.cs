using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A test of the daemon. Its calls end by <see cref="Limit"/>, which only a broken one reaches.</summary>
public abstract class NodeTest : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(6));

    protected CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        _limit.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The failure the call must end in.</summary>
    protected static async Task<TemplatingClientException> FailsAsync(Task call, StatusCode code, string reason)
    {
        var failure = await Should.ThrowAsync<TemplatingClientException>(call);
        failure.Reason.ShouldBe(reason, failure.Message);
        failure.Code.ShouldBe(code, failure.Message);
        return failure;
    }

    /// <summary>No process, no folder, no staged file, nothing charged.</summary>
    protected async Task NothingIsLeftAsync(TestNode node)
    {
        (await node.Folder.LeftOversAsync(Limit)).ShouldBeEmpty();
        var info = await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);
        info.MemoryChargedBytes.ShouldBe(0);
    }

    /// <summary>What /proc shows is what the list shows, and what is charged is theirs.</summary>
    protected async Task EveryVmIsKnownAsync(TestNode node)
    {
        // A create whose caller went away, and a VM that was killed, take a moment to be gone.
        await Eventually.SeeAsync(
            () => Task.FromResult<string?>(Difference(node)), difference => difference.Length == 0, "/proc, the list and what is charged agree",
            explain: difference => Task.FromResult(difference ?? ""), cancellationToken: Limit);
    }

    private string Difference(TestNode node)
    {
        var living = VmProcesses.Of(node.Folder.Run).Order().ToArray();
        var clones = node.Client.Clones.ListClones(new ListClonesRequest { Parent = "tenants/-", PageSize = 1000 }, cancellationToken: Limit).Clones;
        var known = clones.Where(c => c.State is not (CloneState.Stopped or CloneState.Failed)).Select(c => c.Pid).Order().ToArray();
        var charged = node.Client.Node.GetNode(new GetNodeRequest(), cancellationToken: Limit).MemoryChargedBytes;
        return !living.SequenceEqual(known) ? $"/proc has {string.Join(' ', living)}, the list {string.Join(' ', known)}"
            : charged != clones.Sum(c => c.ChargedBytes) ? $"{charged} bytes are charged, and {clones.Sum(c => c.ChargedBytes)} to the clones"
            : "";
    }

    protected async Task<IReadOnlyList<VmClone>> ListAsync(TestNode node) =>
        (await node.Client.Clones.ListClonesAsync(new ListClonesRequest { Parent = "tenants/-", PageSize = 1000 }, cancellationToken: Limit)).Clones;

    /// <summary>Taken, deleted, killed, cancelled, not there: what counts is what is left.</summary>
    protected static async Task TryAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (Exception e) when (e is RpcException or TemplatingClientException or OperationCanceledException)
        {
            e.Message.ShouldNotContain("internal", Case.Insensitive);
        }
    }
}

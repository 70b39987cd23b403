using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;

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
        var info = await node.Client.Node.GetNodeAsync(new V1.GetNodeRequest(), cancellationToken: Limit);
        info.MemoryChargedBytes.ShouldBe(0);
    }
}

using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>A test on the shared daemon: afterwards no clone is there and nothing of one.</summary>
[Collection(SharedNodeCollection.Name)]
public abstract class SharedNodeTest(SharedNode shared) : NodeTest, IAsyncLifetime
{
    protected TestNode Node => shared.Node;

    protected TemplatingClient Client => shared.Node.Client;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => (await Node.CleanAsync(Limit)).ShouldBeEmpty();

    protected Task<VmClone> CloneAsync(Action<CreateCloneRequest>? change = null) => Client.CloneAsync(Limit, change);

    protected Task<ExecResult> ShellAsync(VmClone clone, string script, string? input = null) =>
        Client.ShellAsync(clone, script, Limit, input);
}

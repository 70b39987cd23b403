using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Node;

/// <summary>A daemon with a template for sandboxes, which is booted once for the class.</summary>
public sealed class SandboxNode : IAsyncLifetime
{
    public const string Template = $"tenants/{PreparedStore.Tenant}/templates/box";

    public TestNode Node { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Node = await TestNode.StartAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var spec = GuestSpecs.Web();
        (spec.Sandbox, spec.Network) = (true, null);
        await Node.Client.BuildAsync("box", spec, limit.Token);
    }

    public async Task DisposeAsync() => await Node.DisposeAsync();
}

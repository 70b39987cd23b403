using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Standins;

/// <summary>
/// A server where no operator runs but those a test starts: the tests of one collection share it, and call reconcilers
/// themselves, which whole operators on the same server would run ahead of.
/// </summary>
public sealed class VmServer : IAsyncLifetime
{
    public const string Collection = "VM pods";

    public ApiServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await ApiServer.StartAsync();
        await Definitions.ApplyAsync(Server);
    }

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

[CollectionDefinition(VmServer.Collection)]
public sealed class VmServers : ICollectionFixture<VmServer>;

namespace Templating.ClusterTests.Cluster;

/// <summary>A tenant with one template that most tests clone from, made once.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    internal Tenant Tenant { get; private set; } = null!;

    /// <summary>A template that is ready on every node.</summary>
    internal const string Template = "web";

    public async Task InitializeAsync()
    {
        Tenant = await Tenant.CreateAsync("team");
        await Kubectl.ApplyAsync(Tenant.Template(Template));
        await Tenant.TemplateReadyAsync(Template, await NodesAsync());
    }

    /// <summary>Nodes that run the daemon.</summary>
    internal static async Task<int> NodesAsync() =>
        (await Kubectl.PodsAsync(Settings.System, InstallationLabels.NodeSelector)).Count;

    public async Task DisposeAsync() => await Tenant.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}

namespace Templating.ClusterTests.Cluster;

/// <summary>A tenant whose pods run with the runtime class: its sandbox template is ready on every node.</summary>
public sealed class RuntimeClassFixture : IAsyncLifetime
{
    internal const string RuntimeClass = "templating";

    /// <summary>A web server in Debian; its page is /srv/www/index.html.</summary>
    internal const string WebImage = "localhost/debian-web:1";

    /// <summary>The template of pods that name none.</summary>
    internal const string Template = "sandbox";

    internal Tenant Tenant { get; private set; } = null!;

    internal int Nodes { get; private set; }

    public async Task InitializeAsync()
    {
        await LocalCluster.LoadImageAsync("debian-image.sh");
        Nodes = (await Kubectl.RunAsync("get", "nodes", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        Tenant = await Tenant.CreateAsync("pods");
        await SandboxTemplate.MakeAsync(Tenant, Template, Nodes);
    }

    /// <param name="runtimeClass">Empty for the node's own runtime, runc.</param>
    internal PodBatch Pods(string runtimeClass = RuntimeClass) => new(Tenant.Name, runtimeClass);

    public async Task DisposeAsync() => await Tenant.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class RuntimeClassCollection : ICollectionFixture<RuntimeClassFixture>
{
    public const string Name = "runtime class";
}

using Microsoft.AspNetCore.Builder;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Hosting;
using Templating.Operator.Nodes;
using Templating.Testing;
using Templating.Testing.Kubernetes;
using ApiConnection = Templating.Kubernetes.Calls.ApiConnection;

namespace Templating.OperatorTests.Harness;

/// <summary>
/// An installation and a namespace of a test's own on the shared API server, with stand-ins of daemons. What users, scheduler
/// and kubelet do happens here. Operators look at this namespace alone: whole ones in this process, or reconcilers that a test
/// calls itself (<see cref="OperatorByHand"/>).
/// </summary>
internal sealed partial class TestSpace : IAsyncDisposable
{
    private readonly List<WebApplication> _operators = [];
    private readonly List<ScriptedNode> _nodes = [];
    private readonly TempFolder _folder = new();

    private TestSpace(ApiServer server, k8s.Kubernetes client, string installation, string name)
    {
        (Server, Client, Installation, Name) = (server, client, installation, name);
        Kubelet = new ScriptedKubelet(client, name);
        Authority = new TestAuthority(_folder["pki"]);
        (Certificate, CertificateKey) = Authority.Issue("templating-operator");
        Api = new ClusterApi(ApiConnection.Of(client), TimeProvider.System);
    }

    public ApiServer Server { get; }

    public k8s.Kubernetes Client { get; }

    /// <summary>The namespace of the daemons and the lease.</summary>
    public string Installation { get; }

    /// <summary>The one namespace that is looked at.</summary>
    public string Name { get; }

    public ClusterApi Api { get; }

    public TestAuthority Authority { get; }

    /// <summary>What operators prove themselves to daemons by.</summary>
    public NodeTls Tls => new() { CaPath = Authority.CertificatePath, CertificatePath = Certificate, KeyPath = CertificateKey };

    public ScriptedKubelet Kubelet { get; }

    private string Certificate { get; }

    private string CertificateKey { get; }

    /// <summary>No operator runs yet.</summary>
    public static async Task<TestSpace> PrepareAsync()
    {
        var server = await SharedCluster.GetAsync();
        var client = server.Client();
        return new TestSpace(server, client, await Namespaces.CreateAsync(client), await Namespaces.CreateAsync(client));
    }

    /// <summary>One operator and so many nodes.</summary>
    public static async Task<TestSpace> StartAsync(int nodes)
    {
        var test = await PrepareAsync();
        for (var i = 0; i < nodes; i++)
        {
            await test.AddNodeAsync();
        }

        await test.StartOperatorAsync("one");
        return test;
    }

    public async Task<WebApplication> StartOperatorAsync(string identity, params string[] more)
    {
        var app = OperatorHost.Build(
        [
            $"--Kubeconfig={Server.Kubeconfig}", $"--Namespace={Installation}", $"--WatchNamespace={Name}", $"--Identity={identity}",
            "--Listen=http://127.0.0.1:0", $"--NodeTls:CaPath={Tls.CaPath}", $"--NodeTls:CertificatePath={Tls.CertificatePath}",
            $"--NodeTls:KeyPath={Tls.KeyPath}", "--LogLevel=Warning", .. more,
        ]);
        _operators.Add(app);
        await app.StartAsync();
        return app;
    }

    /// <summary>A node, its daemon's stand-in, and both in the cluster.</summary>
    public async Task<ScriptedNode> AddNodeAsync(IDictionary<string, string>? labels = null)
    {
        var node = await ScriptedNode.StartAsync($"{Name}-{_nodes.Count + 1}", Authority);
        _nodes.Add(node);
        await ClusterNodes.AddNodeAsync(Client, node.Name, labels);
        await ClusterNodes.AddDaemonAsync(Client, Installation, node.Name, node.Port);
        return node;
    }

    /// <summary>As when the DaemonSet's node selector is narrowed.</summary>
    public Task RemoveDaemonAsync(int node) => ClusterNodes.RemoveDaemonAsync(Client, Installation, Node(node).Name);

    public Task AddDaemonAsync(int node) => ClusterNodes.AddDaemonAsync(Client, Installation, Node(node).Name, Node(node).Port);

    /// <param name="node">Which, from 1.</param>
    /// <param name="label">Its key.</param>
    /// <param name="value">Null takes it away.</param>
    public Task SetNodeLabelAsync(int node, string label, string? value) => k8s.CoreV1OperationsExtensions.PatchNodeAsync(
        Client.CoreV1,
        new k8s.Models.V1Patch(Patches.Of(new { metadata = new { labels = new Dictionary<string, string?> { [label] = value } } }).ToJsonString(), k8s.Models.V1Patch.PatchType.MergePatch),
        Node(node).Name);

    public ScriptedNode Node(int number) => _nodes[number - 1];

    public static VMTemplateSpec Spec(string commandLine = "console=ttyS0") => new()
    {
        Guest = new VMGuest { Kernel = new VMFileSource { Path = "/guests/vmlinuz" }, CommandLine = commandLine },
    };

    public Task<VMTemplate> CreateTemplateAsync(string name, VMTemplateSpec? spec = null) => CreateAsync(
        new VMTemplate { Metadata = new() { Name = name, NamespaceProperty = Name }, Spec = spec ?? Spec() });

    public Task<T> CreateAsync<T>(T item)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        (item.ApiVersion, item.Kind) = (type.ApiVersion, type.Kind);
        return Api.SendAsync<T>(
            HttpMethod.Post, type.Collection(item.Metadata.NamespaceProperty ?? ""), k8s.KubernetesJson.Serialize(item), null, CancellationToken.None);
    }

    public Task<T> PatchAsync<T>(string name, object patch)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> => Api.SendAsync<T>(
        HttpMethod.Patch, ResourceType.Of<T>().Item(new(Name, name)), Patches.Of(patch).ToJsonString(), "application/merge-patch+json", CancellationToken.None);

    public Task DeleteAsync<T>(string name)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> => Api.SendAsync<System.Text.Json.JsonElement>(
        HttpMethod.Delete, ResourceType.Of<T>().Item(new(Name, name)), null, null, CancellationToken.None);

    public Task<T?> GetAsync<T>(string name)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta> => Api.GetAsync<T>(new(Name, name), CancellationToken.None);

    /// <summary>Waits until an object is as it must be; null where it is gone.</summary>
    public async Task<T?> UntilAsync<T>(string name, Func<T?, bool> condition, string what)
        where T : class, k8s.IKubernetesObject<k8s.Models.V1ObjectMeta>
    {
        // What is gone is something that is seen, too.
        var seen = await Eventually.SeeAsync(
            async () => new Seen<T>(await GetAsync<T>(name)), seen => condition(seen.Item), what,
            explain: seen => Task.FromResult(seen?.Item is null ? "It does not exist." : k8s.KubernetesJson.Serialize(seen.Item)));
        return seen.Item;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _operators)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        Client.Dispose();
        Authority.Dispose();
        _folder.Dispose();
    }

    private sealed record Seen<T>(T? Item);
}

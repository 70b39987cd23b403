using k8s;
using k8s.Models;
using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Simulation;
using Templating.Kubernetes.Resources;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>An API server with simulated nodes and the operator, a template ready on each and a full pool.</summary>
internal sealed class Stage : IAsyncDisposable
{
    public const string Installation = "templating-system";

    public const string Namespace = "bench";

    /// <summary>The same on each address.</summary>
    private const int NodePort = 8443;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Longer than the operator's Pods:PoolStatusDelay.</summary>
    private static readonly TimeSpan PoolsStill = TimeSpan.FromSeconds(4);

    private readonly Stack<IAsyncDisposable> _parts = new();

    public ApiServer Server { get; private set; } = null!;

    public ClusterClient Client { get; private set; } = null!;

    public SimulatedNodes Nodes { get; private set; } = null!;

    public OperatorProcess Operator { get; private set; } = null!;

    public SimulatedKubelets Kubelets { get; private set; } = null!;

    public ObjectWatch<VMClone> Clones { get; private set; } = null!;

    public ObjectWatch<VMPool> Pools { get; private set; } = null!;

    public Storm Storm => new(Timer);

    public Churn Churn => new(Timer);

    private CloneTimer Timer => new(Client, Clones, Namespace);

    public static async Task<Stage> SetAsync(ScaleOptions options, int replicas, string folder, CancellationToken cancellationToken)
    {
        var stage = new Stage();
        try
        {
            await stage.StartAsync(options, folder, cancellationToken);
            await stage.PrepareAsync(replicas, cancellationToken);
            return stage;
        }
        catch (Exception)
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Until the pool is full again and nothing has moved for a second; nothing of the pool for longer, whose status may be behind.</summary>
    public async Task WaitQuietAsync(CancellationToken cancellationToken)
    {
        var still = TimeSpan.FromSeconds(1);
        await Pools.WhenAsync(Specs.Pool, Conditions.Full, Limit, cancellationToken);
        while (Kubelets.Quiet < still || Clones.Quiet < still || Pools.Quiet < PoolsStill)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }
    }

    private async Task StartAsync(ScaleOptions options, string folder, CancellationToken cancellationToken)
    {
        Server = Own(await ApiServer.StartAsync(options.KubeFolder, Path.Combine(folder, "kube"), cancellationToken));
        await Commands.RunAsync(
            [options.ChartInstall, "--kubeconfig", Server.Kubeconfig, "--namespace", Installation], Path.Combine(folder, "install.log"), null,
            cancellationToken);
        Client = new ClusterClient(Server.Kubeconfig);
        _parts.Push(new Disposal(Client));

        // Needed for as long as nodes are connected to.
        var authority = Authority.Create();
        _parts.Push(new Disposal(authority));
        var certificate = authority.Issue("CN=templating-node", "templating-node").ToCertificate();
        _parts.Push(new Disposal(certificate));
        Nodes = Own(new SimulatedNodes(options.Nodes, NodePort));
        await Nodes.StartAsync(certificate, authority.CertificatePem, cancellationToken);
        await SimulatedCluster.CreateAsync(Client, Nodes, Installation, cancellationToken);

        var identity = OperatorIdentity.Write(folder, Server, authority, Installation);
        Operator = Own(await OperatorProcess.StartAsync(options.Operator, folder, Installation, identity, cancellationToken));
    }

    private async Task PrepareAsync(int replicas, CancellationToken cancellationToken)
    {
        await Client.Api.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = Namespace } }, cancellationToken: cancellationToken);
        var connection = new KubernetesApi(KubernetesClientConfiguration.BuildConfigFromConfigFile(Server.Kubeconfig));
        _parts.Push(new Disposal(connection));
        Kubelets = Own(new SimulatedKubelets(Client, connection, Nodes, Namespace));
        Clones = Own(new ObjectWatch<VMClone>(Client.WatchedClones, Namespace, onGone: clone => Kubelets.Collect(clone.Status?.PodName)));
        Pools = Own(new ObjectWatch<VMPool>(Client.WatchedPools, Namespace));
        await using (var templates = new ObjectWatch<VMTemplate>(Client.WatchedTemplates, Namespace))
        {
            await Client.Templates.CreateNamespacedAsync(Specs.MakeTemplate("/var/lib/templating/guest"), Namespace, cancellationToken);
            await templates.WhenAsync(
                Specs.Template, t => Conditions.Ready(t) && t!.Status!.ReadyNodes == Nodes.All.Count, Limit, cancellationToken);
        }

        await Client.Pools.CreateNamespacedAsync(Specs.MakePool(replicas), Namespace, cancellationToken);
        await Pools.WhenAsync(Specs.Pool, Conditions.Full, Limit, cancellationToken);
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private sealed class Disposal(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

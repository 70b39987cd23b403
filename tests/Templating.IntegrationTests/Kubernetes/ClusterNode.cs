using Grpc.Core;
using Grpc.Net.Client;
using Templating.Csi.V1;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Kubernetes;

/// <summary>A node whose kubelet is the test.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private KubeletCalls _calls;

    private ClusterNode(TestNode node)
    {
        Node = node;
        _calls = new KubeletCalls(Kubelet);
    }

    public TestNode Node { get; }

    public string Kubelet => Node.Folder["k"];

    public string CsiSocket => KubeletCalls.SocketIn(Kubelet);

    public string RegistrationSocket => Path.Combine(Kubelet, "plugins_registry/templating.dev-reg.sock");

    public Csi.V1.Node.NodeClient Csi => _calls.Csi;

    public Identity.IdentityClient Identity => _calls.Identity;

    public static async Task<ClusterNode> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        return new ClusterNode(await TestNode.StartAsync(folder, [("KUBELET_PATH", folder["k"]), ("NODE_NAME", "node-1"), .. settings]));
    }

    /// <inheritdoc cref="KubeletCalls.Dial"/>
    public static GrpcChannel Dial(string path) => KubeletCalls.Dial(path);

    public string Target(string pod) => _calls.Target(pod);

    public static string VolumeId(string pod) => KubeletCalls.VolumeId(pod);

    public NodePublishVolumeRequest Publication(string pod, string tenant = PreparedStore.Tenant) => _calls.Publication(pod, tenant);

    public Task<string> PublishAsync(string pod, CancellationToken cancellationToken) => _calls.PublishAsync(pod, cancellationToken);

    public Task UnpublishAsync(string pod, CancellationToken cancellationToken) => _calls.UnpublishAsync(pod, cancellationToken);

    public static async Task<RpcException> RefusedAsync(AsyncUnaryCall<NodePublishVolumeResponse> call, StatusCode code)
    {
        var failure = await Should.ThrowAsync<RpcException>(call.ResponseAsync);
        failure.StatusCode.ShouldBe(code, failure.Status.Detail);
        return failure;
    }

    /// <summary>What is mounted below the kubelet's folder.</summary>
    public IReadOnlyList<string> Mounted() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(path => path.StartsWith(Kubelet + "/", StringComparison.Ordinal))];

    public async Task RestartAsync()
    {
        _calls.Dispose();
        await Node.RestartAsync();
        _calls = new KubeletCalls(Kubelet);
    }

    public async ValueTask DisposeAsync()
    {
        _calls.Dispose();
        // Deepest first: what a failed test left must not keep the folder.
        foreach (var path in Mounted().OrderByDescending(path => path.Length))
        {
            await Programs.RunAsync("/bin/umount", ["-l", path], CancellationToken.None);
        }

        await Node.DisposeAsync();
    }
}

using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Templating.Csi.V1;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Kubernetes;

/// <summary>A node whose kubelet is the test.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private GrpcChannel _channel;

    private ClusterNode(TestNode node)
    {
        Node = node;
        _channel = Dial(CsiSocket);
    }

    public TestNode Node { get; }

    public string Kubelet => Node.Folder["k"];

    public string CsiSocket => Path.Combine(Kubelet, "plugins/templating.dev/csi.sock");

    public string RegistrationSocket => Path.Combine(Kubelet, "plugins_registry/templating.dev-reg.sock");

    public Csi.V1.Node.NodeClient Csi => new(_channel);

    public Identity.IdentityClient Identity => new(_channel);

    public static async Task<ClusterNode> StartAsync()
    {
        var folder = new NodeFolder();
        await PreparedStore.CopyToAsync(folder);
        return new ClusterNode(await TestNode.StartAsync(folder, ("KUBELET_PATH", folder["k"]), ("NODE_NAME", "node-1")));
    }

    /// <summary>Each call has its own connection, as a kubelet's have.</summary>
    public static GrpcChannel Dial(string path) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        },
        DisposeHttpClient = true,
    });

    public string Target(string pod) => Path.Combine(Kubelet, "pods", pod, "volumes/kubernetes.io~csi/vm/mount");

    public static string VolumeId(string pod) => $"csi-{pod}";

    public NodePublishVolumeRequest Publication(string pod, string tenant = PreparedStore.Tenant) => new()
    {
        VolumeId = VolumeId(pod),
        TargetPath = Target(pod),
        VolumeCapability = new VolumeCapability { Mount = new VolumeCapability.Types.MountVolume() },
        VolumeContext =
        {
            ["csi.storage.k8s.io/ephemeral"] = "true",
            ["csi.storage.k8s.io/pod.name"] = $"{pod}-name",
            ["csi.storage.k8s.io/pod.namespace"] = tenant,
            ["csi.storage.k8s.io/pod.uid"] = pod,
            ["csi.storage.k8s.io/serviceAccount.name"] = "default",
            ["template"] = "web",
        },
    };

    public async Task<string> PublishAsync(string pod, CancellationToken cancellationToken)
    {
        await Csi.NodePublishVolumeAsync(Publication(pod), cancellationToken: cancellationToken);
        return Target(pod);
    }

    public async Task UnpublishAsync(string pod, CancellationToken cancellationToken) => await Csi.NodeUnpublishVolumeAsync(
        new NodeUnpublishVolumeRequest { VolumeId = VolumeId(pod), TargetPath = Target(pod) }, cancellationToken: cancellationToken);

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
        _channel.Dispose();
        await Node.RestartAsync();
        _channel = Dial(CsiSocket);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        // Deepest first: what a failed test left must not keep the folder.
        foreach (var path in Mounted().OrderByDescending(path => path.Length))
        {
            await Programs.RunAsync("/bin/umount", ["-l", path], CancellationToken.None);
        }

        await Node.DisposeAsync();
    }
}

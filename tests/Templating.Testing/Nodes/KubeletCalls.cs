using System.Net.Sockets;
using Grpc.Net.Client;
using Templating.Csi.V1;

namespace Templating.Testing.Nodes;

/// <summary>What a node's kubelet asks of the daemon for VM pods.</summary>
/// <param name="kubelet">The kubelet's folder.</param>
public sealed class KubeletCalls(string kubelet) : IDisposable
{
    private readonly GrpcChannel _channel = Dial(SocketIn(kubelet));

    public Node.NodeClient Csi => new(_channel);

    public Identity.IdentityClient Identity => new(_channel);

    public static string SocketIn(string kubelet) => Path.Combine(kubelet, "plugins/templating.dev/csi.sock");

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

    public string Target(string pod) => Path.Combine(kubelet, "pods", pod, "volumes/kubernetes.io~csi/vm/mount");

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

    public async Task<string> PublishAsync(string pod, CancellationToken cancellationToken, string tenant = PreparedStore.Tenant)
    {
        await Csi.NodePublishVolumeAsync(Publication(pod, tenant), cancellationToken: cancellationToken);
        return Target(pod);
    }

    public async Task UnpublishAsync(string pod, CancellationToken cancellationToken) => await Csi.NodeUnpublishVolumeAsync(
        new NodeUnpublishVolumeRequest { VolumeId = VolumeId(pod), TargetPath = Target(pod) }, cancellationToken: cancellationToken);

    public void Dispose() => _channel.Dispose();
}

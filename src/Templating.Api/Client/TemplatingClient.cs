using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Templating.V1;

namespace Templating.Api.Client;

/// <summary>
/// The services of one node over one channel. Failed calls throw <see cref="TemplatingClientException"/>; a call
/// whose token was cancelled throws <see cref="OperationCanceledException"/>.
/// </summary>
public sealed class TemplatingClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public TemplatingClient(TemplatingClientOptions options)
    {
        _channel = ChannelFactory.Create(options);
        var invoker = _channel.Intercept(new ErrorInterceptor());
        Templates = new TemplateService.TemplateServiceClient(invoker);
        Clones = new CloneService.CloneServiceClient(invoker);
        Sandboxes = new SandboxService.SandboxServiceClient(invoker);
        Pods = new PodService.PodServiceClient(invoker);
        Images = new ImageService.ImageServiceClient(invoker);
        Pools = new PoolService.PoolServiceClient(invoker);
        Node = new NodeService.NodeServiceClient(invoker);
    }

    public TemplateService.TemplateServiceClient Templates { get; }

    public CloneService.CloneServiceClient Clones { get; }

    public SandboxService.SandboxServiceClient Sandboxes { get; }

    public PodService.PodServiceClient Pods { get; }

    public ImageService.ImageServiceClient Images { get; }

    public PoolService.PoolServiceClient Pools { get; }

    public NodeService.NodeServiceClient Node { get; }

    public void Dispose() => _channel.Dispose();
}

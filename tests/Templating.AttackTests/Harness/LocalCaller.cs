using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Templating.V1;

namespace Templating.AttackTests.Harness;

/// <summary>A caller on the daemon's socket who is another user of this machine, with as many connections as it likes.</summary>
internal sealed class LocalCaller : IDisposable
{
    private readonly GrpcChannel _channel;

    public LocalCaller(string socket, uint user)
    {
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                EnableMultipleHttp2Connections = true,
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var connected = await LocalUser.ConnectAsync(socket, user).WaitAsync(cancellationToken);
                    return new NetworkStream(connected[0], ownsSocket: true);
                },
            },
            DisposeHttpClient = true,
        });
        Clones = new CloneService.CloneServiceClient(_channel);
        Templates = new TemplateService.TemplateServiceClient(_channel);
        Sandboxes = new SandboxService.SandboxServiceClient(_channel);
        Pods = new PodService.PodServiceClient(_channel);
        Invoker = _channel.CreateCallInvoker();
    }

    public CloneService.CloneServiceClient Clones { get; }

    public TemplateService.TemplateServiceClient Templates { get; }

    public SandboxService.SandboxServiceClient Sandboxes { get; }

    public PodService.PodServiceClient Pods { get; }

    public CallInvoker Invoker { get; }

    /// <summary>How a call ended; OK where it did not fail.</summary>
    public static async Task<Status> EndAsync(Task call)
    {
        try
        {
            await call;
            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
        catch (OperationCanceledException)
        {
            return Status.DefaultCancelled;
        }
    }

    public void Dispose() => _channel.Dispose();
}

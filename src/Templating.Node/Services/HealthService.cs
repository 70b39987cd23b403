using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Options;
using Templating.Node.Options;

namespace Templating.Node.Services;

/// <summary>
/// grpc.health.v1 for the node as a whole and each of its services: SERVING between start and stop. Grpc.HealthCheck's
/// own service keeps watches open until they are aborted, which holds up a stop; here they end with it.
/// </summary>
internal sealed class HealthService : Health.HealthBase
{
    private readonly HashSet<string> _services;
    private readonly CancellationToken _started;
    private readonly CancellationToken _stopping;

    public HealthService(IHostApplicationLifetime lifetime, IOptions<NodeOptions> options)
    {
        _services = [.. ServedServices.Of(options.Value).Select(service => service.FullName), ""];
        (_started, _stopping) = (lifetime.ApplicationStarted, lifetime.ApplicationStopping);
    }

    private HealthCheckResponse.Types.ServingStatus Status => _started.IsCancellationRequested && !_stopping.IsCancellationRequested
        ? HealthCheckResponse.Types.ServingStatus.Serving
        : HealthCheckResponse.Types.ServingStatus.NotServing;

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        _services.Contains(request.Service)
            ? Task.FromResult(new HealthCheckResponse { Status = Status })
            : throw new RpcException(new Status(StatusCode.NotFound, "There is no such service."));

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        if (!_services.Contains(request.Service))
        {
            await responseStream.WriteAsync(
                new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.ServiceUnknown }, context.CancellationToken);
            await WaitAsync(_stopping, context.CancellationToken);
            return;
        }

        if (!_started.IsCancellationRequested)
        {
            await responseStream.WriteAsync(new HealthCheckResponse { Status = Status }, context.CancellationToken);
            await WaitAsync(_started, context.CancellationToken);
        }

        await responseStream.WriteAsync(new HealthCheckResponse { Status = Status }, context.CancellationToken);
        if (!_stopping.IsCancellationRequested)
        {
            await WaitAsync(_stopping, context.CancellationToken);
            await responseStream.WriteAsync(new HealthCheckResponse { Status = Status }, context.CancellationToken);
        }
    }

    private static async Task WaitAsync(CancellationToken signal, CancellationToken cancellationToken)
    {
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = signal.Register(signalled.SetResult);
        await signalled.Task.WaitAsync(cancellationToken);
    }
}

using Microsoft.Extensions.Options;
using Templating.Core.Diagnostics;
using Templating.Csi.V1;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Mapping;
using Templating.Node.Options;
using Templating.PluginRegistration.V1;

namespace Templating.Node.Kubernetes;

/// <summary>Keeps the CSI driver's socket and that of its registration there, as long as the daemon runs.</summary>
internal sealed class CsiServer(
    VolumeManager volumes, KubeletPaths paths, IOptions<NodeOptions> options, TemplatingMetrics metrics, ILoggerFactory loggers, TimeProvider time,
    ILogger<CsiServer> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly KubeletSocket _csi = new(
        paths.CsiSocket,
        services => services.AddSingleton(new CsiIdentity()).AddSingleton(new CsiNode(volumes, metrics, options))
            .AddCheckedMethods<CsiIdentity>(Identity.Descriptor, Identity.BindService)
            .AddCheckedMethods<CsiNode>(Csi.V1.Node.Descriptor, Csi.V1.Node.BindService),
        routes =>
        {
            routes.MapGrpcService<CsiIdentity>();
            routes.MapGrpcService<CsiNode>();
        },
        loggers);

    private readonly KubeletSocket _registration = new(
        paths.RegistrationSocket,
        services => services.AddSingleton(new PluginRegistration(paths, loggers.CreateLogger<PluginRegistration>()))
            .AddCheckedMethods<PluginRegistration>(Registration.Descriptor, Registration.BindService),
        routes => routes.MapGrpcService<PluginRegistration>(),
        loggers);

    /// <summary>At once, and not later: a daemon that cannot have its sockets had better not start.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // First the registration, so that the kubelet does not ask where nobody is.
        await _registration.DisposeAsync();
        await _csi.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await EnsureAsync(stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.SocketFailed(logger, paths.CsiSocket, e.Message);
            }
        }
    }

    private async Task EnsureAsync(CancellationToken cancellationToken)
    {
        foreach (var socket in new[] { _csi, _registration })
        {
            if (await socket.EnsureAsync(cancellationToken))
            {
                Log.Serving(logger, socket.Path);
            }
        }
    }
}

using Grpc.Core;
using Microsoft.Extensions.Options;
using Templating.Api.Client;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.DevicePlugin.V1Beta1;
using Templating.Node.Files;
using Templating.Node.Mapping;
using Templating.Node.Options;

namespace Templating.Node.Kubernetes;

/// <summary>
/// Offers <see cref="KvmDevices"/> to the kubelet where KVM was seen to work, and again whenever the kubelet is another: it
/// forgets all plugins when it starts, and removes their sockets.
/// </summary>
internal sealed class DevicePluginServer(
    IVmm vmm, KubeletPaths paths, IOptions<NodeOptions> options, ILoggerFactory loggers, TimeProvider time, ILogger<DevicePluginServer> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await IsKvmThereAsync(stoppingToken))
        {
            return;
        }

        await using var socket = new KubeletSocket(
            paths.DeviceSocket,
            services => services.AddSingleton(new KvmDevices(options.Value.KvmDevices, stoppingToken))
                .AddCheckedMethods<KvmDevices>(DevicePlugin.V1Beta1.DevicePlugin.Descriptor, DevicePlugin.V1Beta1.DevicePlugin.BindService),
            routes => routes.MapGrpcService<KvmDevices>(),
            loggers);
        FileIdentity? registered = null;
        string? problem = null;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                registered = await RegisterAsync(socket, registered, stoppingToken);
                problem = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or RpcException && !stoppingToken.IsCancellationRequested)
            {
                if (!string.Equals(problem, e.Message, StringComparison.Ordinal))
                {
                    problem = e.Message;
                    Log.RegistrationFailed(logger, KvmDevices.Resource, e.Message);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <returns>The kubelet that knows us; null where there is none.</returns>
    private async Task<FileIdentity?> RegisterAsync(KubeletSocket socket, FileIdentity? registered, CancellationToken cancellationToken)
    {
        if (FileIdentity.TryRead(paths.KubeletSocket) is not { } kubelet)
        {
            return null;
        }

        if (!await socket.EnsureAsync(cancellationToken) && registered == kubelet)
        {
            return registered;
        }

        using var channel = TemplatingAddress.TryParse(paths.KubeletSocket, out var address, out var problem)
            ? ChannelFactory.Create(new TemplatingClientOptions { Address = address })
            : throw new IOException(problem);
        await new Registration.RegistrationClient(channel).RegisterAsync(
            new RegisterRequest
            {
                Version = "v1beta1",
                Endpoint = KubeletPaths.DeviceEndpoint,
                ResourceName = KvmDevices.Resource,
                Options = new DevicePluginOptions(),
            },
            deadline: time.GetUtcNow().UtcDateTime + CallTimeout, cancellationToken: cancellationToken);
        Log.Registered(logger, KvmDevices.Resource);
        return kubelet;
    }

    private async Task<bool> IsKvmThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await vmm.ProbeAsync(refresh: false, cancellationToken);
            if (found.Accelerator == Accelerator.Kvm)
            {
                return true;
            }

            Log.NoKvm(logger, KvmDevices.Resource, found.KvmProblem ?? "it was not asked for");
        }
        catch (TemplatingException e)
        {
            Log.NoKvm(logger, KvmDevices.Resource, e.Message);
        }

        return false;
    }
}

using System.Diagnostics;
using Grpc.Reflection;
using Microsoft.Extensions.Options;
using Templating.Core.Linux;
using Templating.Node.Admission;
using Templating.Node.Authorization;
using Templating.Node.Linux;
using Templating.Node.Mapping;
using Templating.Node.Options;
using Templating.Node.Services;
using Templating.Node.Sockets;
using Templating.Node.Telemetry;
using Templating.Node.VmPods;

namespace Templating.Node.Hosting;

/// <summary>The daemon.</summary>
internal static class NodeHost
{
    // The largest request is a clone's: 64 KiB of environment, 64 KiB of user data, 512 KiB of files.
    private const int MaxRequestBytes = 1 << 20;

    /// <summary>Serves until cancelled or told to stop (SIGTERM, SIGINT).</summary>
    /// <returns>The process's exit code.</returns>
    /// <exception cref="OptionsValidationException">Every fault of the options.</exception>
    /// <exception cref="IOException">A folder's link leads nowhere. The socket cannot be had: another daemon serves there, or the path is something else.</exception>
    public static async Task<int> RunAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        ProcessLimits.ForbidCore();
        NativeHeap.UseOneArena();
        var start = Stopwatch.GetTimestamp();
        using var hangup = new Hangup();
        await using var app = await StartAsync(options, services => services.AddNode(options), cancellationToken);
        hangup.Serve(app.Services);
        Log.Serving(
            app.Logger, string.Join(", ", new[] { options.EffectiveSocketPath, options.Tcp?.Address, options.MetricsAddress }.OfType<string>()),
            Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    /// <param name="options">Refused when faulty, before anything is touched.</param>
    /// <param name="addDomain">Registers IVmm, TemplateStore, ITemplateManager and ICloneManager, and what has to run with them.</param>
    /// <param name="cancellationToken">Of the start alone.</param>
    internal static async Task<WebApplication> StartAsync(
        NodeOptions options, Action<IServiceCollection> addDomain, CancellationToken cancellationToken)
    {
        var app = Build(options, addDomain);
        try
        {
            app.Services.GetRequiredService<ConnectionGate>().TellRoom(app.Services.GetRequiredService<ConnectionRoom>(), options.MaxClones);
            await app.Services.GetRequiredService<SocketLease>().AcquireAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(NodeOptions options, Action<IServiceCollection> addDomain)
    {
        NodeFolders.Resolve(options);
        NodeOptionsRules.Check(options);
        // Empty: no appsettings.json of whatever folder we are in, and no ASPNETCORE_URLS that opens a plain port.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "templating" });
        var services = builder.Services;
        builder.Configuration.AddTelemetryVariables();
        builder.Logging.AddNodeLogging(options);
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        services.AddSingleton(TimeProvider.System);
        services.AddSystemd();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddRoutingCore();
        services.AddNodeTelemetry(options);
        services.AddSingleton(ConnectionRoom.Of(options));
        AddServices(services, options);
        addDomain(services);
        services.AddKubernetes(options);
        builder.WebHost.UseNodeListeners(options);

        var app = builder.Build();
        app.UseNodeMetrics(options);
        app.UseRouting();
        app.Use(next => context => context.RequestServices.GetRequiredService<CallGate>().ServeAsync(context, next));
        app.MapGrpcService<Services.TemplateService>();
        app.MapGrpcService<Services.CloneService>();
        app.MapGrpcService<Services.SandboxService>();
        app.MapGrpcService<Services.ImageService>();
        app.MapGrpcService<Services.PoolService>();
        app.MapGrpcService<Services.NodeService>();
        if (options.ServesPods)
        {
            app.MapGrpcService<Services.PodService>();
        }

        app.MapGrpcService<HealthService>();
        app.MapGrpcService<ReflectionServiceImpl>();
        app.MapGrpcService<ReflectionV1ServiceImpl>();
        return app;
    }

    private static void AddServices(IServiceCollection services, NodeOptions options)
    {
        var served = ServedServices.Of(options);
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxRequestBytes;
            grpc.Interceptors.Add<CallInterceptor>();
        });
        services.RemoveUncheckedMethods();
        services.AddNodeMethods();
        services.AddSingleton(provider => new NodeShares(options, provider.GetRequiredService<ConnectionRoom>().Connections));
        services.AddSingleton<ConnectionGate>();
        services.AddSingleton<CallGate>();
        services.AddSingleton<CallInterceptor>();
        services.AddSingleton<SocketLease>();
        services.AddSingleton<PolicySource>();
        services.AddSingleton<CallLifetime>();
        services.AddSingleton<CloneBatch>();
        services.AddSingleton<GuestCalls>();
        services.AddSingleton<Services.TemplateService>();
        services.AddSingleton<Services.CloneService>();
        services.AddSingleton<Services.SandboxService>();
        services.AddSingleton<Services.ImageService>();
        services.AddSingleton<Services.PoolService>();
        services.AddSingleton<Services.NodeService>();
        services.AddSingleton<PodTable>();
        services.AddSingleton<PodPages>();
        services.AddSingleton<PodCalls>();
        services.AddSingleton<Services.PodService>();
        services.AddSingleton<HealthService>();
        services.AddSingleton(new ReflectionServiceImpl(served));
        services.AddSingleton(new ReflectionV1ServiceImpl(served));
    }
}

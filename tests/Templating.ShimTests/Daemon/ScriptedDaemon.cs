using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Templating.Api.Client;
using Templating.Testing;
using Templating.V1;

namespace Templating.ShimTests.Daemon;

/// <summary>A daemon as a shim sees it, and no VM behind it: a test scripts what its calls do.</summary>
internal sealed class ScriptedDaemon : IAsyncDisposable
{
    public const string Name = "tenants/t/clones/pod";

    private readonly TempFolder _folder = new();
    private WebApplication? _app;

    public TemplatingAddress Address => TemplatingAddress.TryParse(_folder["d.sock"], out var address, out var problem) ? address : throw new InvalidOperationException(problem);

    public Func<IAsyncStreamReader<HoldRequest>, IServerStreamWriter<HoldResponse>, CancellationToken, Task> OnHold { get; set; } = (_, _, _) => Task.CompletedTask;

    public Func<PlugCloneRequest, PluggedDevice> OnPlug { get; set; } = _ => throw new NotSupportedException();

    public Func<ResizeCloneRequest, Sandbox> OnResize { get; set; } = _ => throw new NotSupportedException();

    public Func<ReleaseSandboxRequest, string> OnRelease { get; set; } = _ => throw new NotSupportedException();

    public Func<PublishImageRequest, CancellationToken, Task<Image>> OnPublish { get; set; } = (_, _) => throw new NotSupportedException();

    public Sandbox Sandbox { get; } = new()
    {
        Clone_ = new VmClone { Name = Name, Pid = 4711 },
        Connection = new SandboxConnection { OwnerPort = "/run/port" },
        Room = new SandboxRoom { Vcpus = 1, MemoryBytes = 1 << 28 },
    };

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "scripted-daemon" });
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Address.SocketPath!, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGrpcService<Sandboxes>();
        _app.MapGrpcService<Images>();
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _folder.Dispose();
    }

    public static RpcException Refusal(StatusCode code, string message) => new(new Status(code, message));

    private sealed class Sandboxes(ScriptedDaemon daemon) : SandboxService.SandboxServiceBase
    {
        public override Task Hold(IAsyncStreamReader<HoldRequest> requestStream, IServerStreamWriter<HoldResponse> responseStream, ServerCallContext context) =>
            daemon.OnHold(requestStream, responseStream, context.CancellationToken);

        public override Task<PlugCloneResponse> PlugDevice(PlugCloneRequest request, ServerCallContext context) =>
            Task.FromResult(new PlugCloneResponse { Device = daemon.OnPlug(request) });

        public override Task<Sandbox> ResizeSandbox(ResizeCloneRequest request, ServerCallContext context) => Task.FromResult(daemon.OnResize(request));

        public override Task<Sandbox> GetSandbox(GetSandboxRequest request, ServerCallContext context) => Task.FromResult(daemon.Sandbox);

        public override Task<ReleaseSandboxResponse> ReleaseSandbox(ReleaseSandboxRequest request, ServerCallContext context) =>
            Task.FromResult(new ReleaseSandboxResponse { Reason = daemon.OnRelease(request) });
    }

    private sealed class Images(ScriptedDaemon daemon) : ImageService.ImageServiceBase
    {
        public override Task<Image> PublishImage(PublishImageRequest request, ServerCallContext context) => daemon.OnPublish(request, context.CancellationToken);
    }
}

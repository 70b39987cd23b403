using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Templating.V1;

namespace Templating.UnitTests.Cli.Fakes;

/// <summary>A daemon's services in this process, on a Unix socket: what each call does, the test says.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("t-");

    private FakeNode()
    {
        SocketPath = Path.Combine(_folder.FullName, "s");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(Templates).AddSingleton(Clones).AddSingleton(Sandboxes).AddSingleton(Images).AddSingleton(Pools).AddSingleton(Node);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(SocketPath, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.MapGrpcService<FakeTemplates>();
        _app.MapGrpcService<FakeClones>();
        _app.MapGrpcService<FakeSandboxes>();
        _app.MapGrpcService<FakeImages>();
        _app.MapGrpcService<FakePools>();
        _app.MapGrpcService<FakeNodeService>();
    }

    public string SocketPath { get; }

    public string Address => "unix://" + SocketPath;

    public FakeTemplates Templates { get; } = new();

    public FakeClones Clones { get; } = new();

    public FakeSandboxes Sandboxes { get; } = new();

    public FakeImages Images { get; } = new();

    public FakePools Pools { get; } = new();

    public FakeNodeService Node { get; } = new();

    public static async Task<FakeNode> StartAsync()
    {
        var node = new FakeNode();
        await node._app.StartAsync();
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

internal sealed class FakeTemplates : TemplateService.TemplateServiceBase
{
    public Func<CreateTemplateRequest, IServerStreamWriter<CreateTemplateResponse>, ServerCallContext, Task>? OnCreate { get; set; }

    public Func<GetTemplateRequest, Template>? OnGet { get; set; }

    public Func<ListTemplatesRequest, ListTemplatesResponse>? OnList { get; set; }

    public Func<DeleteTemplateRequest, DeleteTemplateResponse>? OnDelete { get; set; }

    public IReadOnlyList<VerifyTemplateResponse> Verify { get; set; } = [];

    public override Task CreateTemplate(CreateTemplateRequest request, IServerStreamWriter<CreateTemplateResponse> responseStream, ServerCallContext context) =>
        OnCreate!(request, responseStream, context);

    public override Task<Template> GetTemplate(GetTemplateRequest request, ServerCallContext context) => Task.FromResult(OnGet!(request));

    public override Task<ListTemplatesResponse> ListTemplates(ListTemplatesRequest request, ServerCallContext context) => Task.FromResult(OnList!(request));

    public override Task<DeleteTemplateResponse> DeleteTemplate(DeleteTemplateRequest request, ServerCallContext context) => Task.FromResult(OnDelete!(request));

    public override async Task VerifyTemplate(VerifyTemplateRequest request, IServerStreamWriter<VerifyTemplateResponse> responseStream, ServerCallContext context)
    {
        foreach (var response in Verify)
        {
            await responseStream.WriteAsync(response);
        }
    }
}

internal sealed class FakeClones : CloneService.CloneServiceBase
{
    public Func<CreateCloneRequest, VmClone>? OnCreate { get; set; }

    public Func<CreateClonesRequest, IServerStreamWriter<CreateClonesResponse>, Task>? OnCreateMany { get; set; }

    public Func<ListClonesRequest, ListClonesResponse>? OnList { get; set; }

    public Func<GetCloneRequest, ServerCallContext, Task<VmClone>>? OnGet { get; set; }

    public Func<ExtendCloneRequest, VmClone>? OnExtend { get; set; }

    public Func<PlugCloneRequest, PluggedDevice>? OnPlug { get; set; }

    public Func<UnplugCloneRequest, VmClone>? OnUnplug { get; set; }

    public Func<DeleteCloneRequest, DeleteCloneResponse>? OnDelete { get; set; }

    public Func<IAsyncStreamReader<ExecCloneRequest>, IServerStreamWriter<ExecCloneResponse>, ServerCallContext, Task>? OnExec { get; set; }

    public Func<IAsyncStreamReader<AttachConsoleRequest>, IServerStreamWriter<AttachConsoleResponse>, ServerCallContext, Task>? OnConsole { get; set; }

    public IReadOnlyList<WatchClonesResponse> Changes { get; set; } = [];

    /// <summary>A watch that tells no more after them; else it ends.</summary>
    public bool HoldsWatches { get; set; }

    public override Task<VmClone> CreateClone(CreateCloneRequest request, ServerCallContext context) => Task.FromResult(OnCreate!(request));

    public override Task CreateClones(CreateClonesRequest request, IServerStreamWriter<CreateClonesResponse> responseStream, ServerCallContext context) =>
        OnCreateMany!(request, responseStream);

    public override Task<ListClonesResponse> ListClones(ListClonesRequest request, ServerCallContext context) => Task.FromResult(OnList!(request));

    public override Task<VmClone> GetClone(GetCloneRequest request, ServerCallContext context) => OnGet!(request, context);

    public override Task<PlugCloneResponse> PlugClone(PlugCloneRequest request, ServerCallContext context) =>
        Task.FromResult(new PlugCloneResponse { Device = OnPlug!(request) });

    public override Task<VmClone> UnplugClone(UnplugCloneRequest request, ServerCallContext context) => Task.FromResult(OnUnplug!(request));

    public override Task<VmClone> ExtendClone(ExtendCloneRequest request, ServerCallContext context) => Task.FromResult(OnExtend!(request));

    public override Task<DeleteCloneResponse> DeleteClone(DeleteCloneRequest request, ServerCallContext context) => Task.FromResult(OnDelete!(request));

    public override Task ExecClone(
        IAsyncStreamReader<ExecCloneRequest> requestStream, IServerStreamWriter<ExecCloneResponse> responseStream, ServerCallContext context) =>
        OnExec!(requestStream, responseStream, context);

    public override Task AttachConsole(
        IAsyncStreamReader<AttachConsoleRequest> requestStream, IServerStreamWriter<AttachConsoleResponse> responseStream, ServerCallContext context) =>
        OnConsole!(requestStream, responseStream, context);

    public override async Task WatchClones(WatchClonesRequest request, IServerStreamWriter<WatchClonesResponse> responseStream, ServerCallContext context)
    {
        foreach (var change in Changes)
        {
            await responseStream.WriteAsync(change);
        }

        if (HoldsWatches)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
        }
    }
}

internal sealed class FakeSandboxes : SandboxService.SandboxServiceBase
{
    public Func<IAsyncStreamReader<HoldRequest>, IServerStreamWriter<HoldResponse>, ServerCallContext, Task>? OnHold { get; set; }

    public Func<ReleaseSandboxRequest, ReleaseSandboxResponse>? OnRelease { get; set; }

    public Func<GetSandboxRequest, Sandbox>? OnGet { get; set; }

    public Func<ListSandboxesRequest, ListSandboxesResponse>? OnList { get; set; }

    public IReadOnlyList<WatchSandboxesResponse> Changes { get; set; } = [];

    public override Task Hold(IAsyncStreamReader<HoldRequest> requestStream, IServerStreamWriter<HoldResponse> responseStream, ServerCallContext context) =>
        OnHold!(requestStream, responseStream, context);

    public override Task<ReleaseSandboxResponse> ReleaseSandbox(ReleaseSandboxRequest request, ServerCallContext context) => Task.FromResult(OnRelease!(request));

    public override Task<Sandbox> GetSandbox(GetSandboxRequest request, ServerCallContext context) => Task.FromResult(OnGet!(request));

    public override Task<ListSandboxesResponse> ListSandboxes(ListSandboxesRequest request, ServerCallContext context) => Task.FromResult(OnList!(request));

    public override async Task WatchSandboxes(WatchSandboxesRequest request, IServerStreamWriter<WatchSandboxesResponse> responseStream, ServerCallContext context)
    {
        foreach (var change in Changes)
        {
            await responseStream.WriteAsync(change);
        }
    }
}

internal sealed class FakePools : PoolService.PoolServiceBase
{
    public Func<Pool, Pool> OnSet { get; set; } = pool => pool;

    public IReadOnlyList<Pool> All { get; set; } = [];

    public List<string> Deleted { get; } = [];

    public override Task<Pool> SetPool(SetPoolRequest request, ServerCallContext context) => Task.FromResult(OnSet(request.Pool));

    public override Task<Pool> GetPool(GetPoolRequest request, ServerCallContext context) => Task.FromResult(All.Single(pool => pool.Name == request.Name));

    public override Task<ListPoolsResponse> ListPools(ListPoolsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListPoolsResponse { Pools = { All } });

    public override Task<DeletePoolResponse> DeletePool(DeletePoolRequest request, ServerCallContext context)
    {
        Deleted.Add(request.Name);
        return Task.FromResult(new DeletePoolResponse());
    }
}

internal sealed class FakeImages : ImageService.ImageServiceBase
{
    public Func<PublishImageRequest, Image>? OnPublish { get; set; }

    public IReadOnlyList<Image> All { get; set; } = [];

    public List<string> Deleted { get; } = [];

    public override Task<Image> PublishImage(PublishImageRequest request, ServerCallContext context) => Task.FromResult(OnPublish!(request));

    public override Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListImagesResponse { Images = { All } });

    public override Task<DeleteImageResponse> DeleteImage(DeleteImageRequest request, ServerCallContext context)
    {
        Deleted.Add(request.Name);
        return Task.FromResult(new DeleteImageResponse());
    }
}

internal sealed class FakeNodeService : NodeService.NodeServiceBase
{
    public V1.Node Answer { get; set; } = new() { Version = "1.2.3", QemuVersion = "10.0.2", MaxClones = 10 };

    public override Task<V1.Node> GetNode(GetNodeRequest request, ServerCallContext context) => Task.FromResult(Answer);
}

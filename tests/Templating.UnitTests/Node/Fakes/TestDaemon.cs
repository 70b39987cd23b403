using System.Net.Sockets;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Templates;
using Templating.Node.Hosting;
using Templating.Node.Options;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Node.Fakes;

/// <summary>The whole daemon on real sockets, with Core and the store as they are and a fake in QEMU's place.</summary>
internal sealed class TestDaemon : IAsyncDisposable
{
    private readonly DirectoryInfo _root;
    private WebApplication _app = null!;
    private readonly List<IDisposable> _channels = [];

    private TestDaemon(DirectoryInfo root, NodeOptions options)
    {
        _root = root;
        Options = options;
        Kernel = Path.Combine(root.FullName, "kernel");
        File.WriteAllBytes(Kernel, FakeBootFiles.Kernel);
    }

    public FakeVmm Vmm { get; } = new();

    public NodeOptions Options { get; }

    public string Kernel { get; }

    public string Folder => _root.FullName;

    public IServiceProvider Services => _app.Services;

    public ITemplateManager Templates => Services.GetRequiredService<ITemplateManager>();

    public ICloneManager Clones => Services.GetRequiredService<ICloneManager>();

    public static async Task<TestDaemon> StartAsync(
        Action<NodeOptions, string>? configure = null, Action<IServiceCollection>? replace = null)
    {
        var root = Directory.CreateTempSubdirectory("tn-");
        // Others must get as far as the socket for it to refuse them.
        File.SetUnixFileMode(root.FullName, (UnixFileMode)0b111_101_101);
        var options = new NodeOptions
        {
            StorePath = Path.Combine(root.FullName, "store"),
            RunPath = Path.Combine(root.FullName, "run"),
            GuestFolders = [root.FullName],
            VmUsers = new VmUserRange { Count = 0 },
            Blanks = { Count = 0 },
            MemoryBudgetBytes = 64L << 30,
            ShutdownTimeout = TimeSpan.FromSeconds(5),
            LogLevel = LogLevel.None,
        };
        configure?.Invoke(options, root.FullName);
        var daemon = new TestDaemon(root, options);
        try
        {
            daemon._app = await NodeHost.StartAsync(
                options,
                services =>
                {
                    services.AddSingleton<IVmm>(daemon.Vmm).AddDomain(options);
                    replace?.Invoke(services);
                },
                CancellationToken.None);
        }
        catch (Exception)
        {
            root.Delete(recursive: true);
            throw;
        }

        return daemon;
    }

    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    /// <summary>A channel over the Unix socket.</summary>
    /// <param name="connect">Makes the connected socket; null for one of this process.</param>
    public GrpcChannel Connect(Func<Socket>? connect = null)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(
                new NetworkStream((connect ?? (() => TestSockets.Connect(Options.EffectiveSocketPath)))(), ownsSocket: true)),
        };
        return Open("http://node", handler);
    }

    public GrpcChannel Open(string address, SocketsHttpHandler handler)
    {
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        _channels.Add(channel);
        return channel;
    }

    public async Task<TemplateView> BuildAsync(string tenant = "a", string name = "t") => await Templates.CreateAsync(
        new CreateTemplate
        {
            Name = new TemplateName(tenant, name),
            AnyPath = true,
            Spec = new TemplateSpec
            {
                Guest = new GuestSpec { KernelPath = Kernel },
                Machine = new MachineSpec { MemoryBytes = 32 * MachineSpec.MiB },
            },
        },
        progress: null, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _root.Delete(recursive: true);
    }
}

using Templating.Core.Blanks;
using Templating.Core.Building;
using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Downloads;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Maintenance;
using Templating.Core.Pools;
using Templating.Core.Sandboxes;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;
using Templating.Node.Authorization;
using Templating.Node.Linux;
using Templating.Node.Options;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Qemu.Images;
using Templating.Qemu.Process;

namespace Templating.Node.Hosting;

/// <summary>Joins the daemon to the domain and to QEMU: here it is decided which implementations it has.</summary>
internal static class NodeServices
{
    public static IServiceCollection AddNode(this IServiceCollection services, NodeOptions options)
    {
        if (UserRange(options) is { } range)
        {
            services.AddHostedService(_ => new VmUserLease(range));
        }

        return services.AddSingleton<IVmm>(provider => new QemuVmm(
            new QemuOptions
            {
                QemuPath = options.QemuPath ?? new QemuOptions().QemuPath,
                KvmProbeCachePath = Path.Combine(options.RunPath, "kvm-probe"),
                Blanks = options.Blanks.Count > 0,
                BlankProbeCachePath = Path.Combine(options.RunPath, "blank-probe"),
            },
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<QemuVmm>>()))
            .AddDomain(options);
    }

    /// <summary>All but the IVmm, in whose place a test has another.</summary>
    internal static IServiceCollection AddDomain(this IServiceCollection services, NodeOptions options)
    {
        var users = Users(options);
        var clones = new CloneOptions { RunFolder = options.RunPath };
        clones = options.MaxConcurrentStarts is { } starts ? clones with { MaxConcurrentStarts = starts } : clones;
        var builds = new BuildOptions
        {
            BuildsFolder = clones.BuildsFolder,
            GuestFiles = new GuestFilePolicy { Folders = [.. options.GuestFolders] },
        };

        services.AddSingleton(provider => new GuestDownloads(
            new DownloadOptions
            {
                Folder = Path.Combine(options.StorePath, "downloads"),
                Hosts = [.. options.DownloadHosts],
                CaPath = options.DownloadCaPath,
                MaxBytes = options.MaxDownloadBytes,
            },
            provider.GetRequiredService<PolicySource>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<GuestDownloads>>()));
        services.AddMetrics();
        services.AddSingleton<TemplatingMetrics>();
        services.AddSingleton<RevisionLeases>();
        services.AddSingleton(provider => new NodeCapacity(
            new CapacityOptions
            {
                BudgetBytes = options.MemoryBudgetBytes ?? HostMemory.DefaultBudget(),
                Overcommit = options.MemoryOvercommit,
                OverheadBytes = options.CloneOverheadBytes,
                MaxVms = options.MaxClones,
            },
            provider.GetRequiredService<PolicySource>()));
        services.AddSingleton(provider =>
        {
            var store = new TemplateStore(
                new StoreOptions { Root = options.StorePath, StampPath = Path.Combine(options.RunPath, "verified") },
                provider.GetRequiredService<ILogger<TemplateStore>>());
            provider.GetRequiredService<NodeCapacity>().Besides = () => store.MemoryBytes;
            return store;
        });
        services.AddSingleton<IImageBuilder>(provider => new ErofsBuilder(users, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider =>
        {
            // The store first: it is locked then, and no other daemon's.
            var store = provider.GetRequiredService<TemplateStore>();
            var images = new ImageCache(
                ImageOptionsOf(options), provider.GetRequiredService<IImageBuilder>(), provider.GetRequiredService<TemplatingMetrics>(),
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ImageCache>>());
            provider.GetRequiredService<NodeCapacity>().Besides = () => store.MemoryBytes + images.MemoryBytes;
            return images;
        });
        services.AddSingleton(provider => new BlankVms(
            PartsOf(provider, users), BlankOptionsOf(options), provider.GetRequiredService<ILogger<BlankVms>>()));
        services.AddSingleton<FirstPages>();
        services.AddSingleton(provider => PartsOf(provider, users) with
        {
            Blanks = provider.GetRequiredService<BlankVms>(),
            FirstPages = provider.GetRequiredService<FirstPages>(),
        });
        services.AddSingleton(provider => new PoolManager(
            provider.GetRequiredService<VmParts>(), provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<RevisionLeases>(),
            new PoolOptions
            {
                Folder = Path.Combine(options.StorePath, "pools"),
                VmsFolder = clones.ClonesFolder,
                MaxConcurrentStarts = clones.MaxConcurrentStarts,
                Pressure = new PressureLimits { Memory = options.PoolMemoryPressure, Cpu = options.PoolCpuPressure },
            },
            provider.GetRequiredService<ILogger<PoolManager>>()));
        services.AddSingleton<IPoolManager>(provider => provider.GetRequiredService<PoolManager>());
        services.AddSingleton(provider => new CloneManager(
            provider.GetRequiredService<VmParts>(), provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<RevisionLeases>(),
            provider.GetRequiredService<PoolManager>(), clones, provider.GetRequiredService<ILogger<CloneManager>>(),
            provider.GetRequiredService<ImageCache>()));
        services.AddSingleton<ICloneManager>(provider => provider.GetRequiredService<CloneManager>());
        services.AddSingleton<IOwnedClones>(provider => provider.GetRequiredService<CloneManager>());
        services.AddSingleton<IProcesses, HostProcesses>();
        services.AddSingleton<SandboxManager>();
        services.AddSingleton<ISandboxManager>(provider => provider.GetRequiredService<SandboxManager>());
        services.AddSingleton(provider => new TemplateManager(
            provider.GetRequiredService<VmParts>(), provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<RevisionLeases>(),
            provider.GetRequiredService<PoolManager>(), provider.GetRequiredService<CloneManager>(), builds with { Downloads = provider.GetRequiredService<GuestDownloads>() },
            provider.GetRequiredService<ILogger<TemplateManager>>()));
        services.AddSingleton<ITemplateManager>(provider => provider.GetRequiredService<TemplateManager>());
        services.AddSingleton(new JanitorOptions
        {
            CollectInterval = options.CollectInterval == TimeSpan.Zero ? TimeSpan.MaxValue : options.CollectInterval,
        });
        services.AddSingleton<Janitor>();
        services.AddHostedService<NodeGauges>();
        services.AddHostedService<Recovery>();
        services.AddHostedService<Upkeep>();
        services.AddHostedService<BlankUpkeep>();
        services.AddHostedService<MemoryTrimmer>();
        return services;
    }

    private static VmParts PartsOf(IServiceProvider provider, VmUserPool? users) => new(
        provider.GetRequiredService<IVmm>(), provider.GetRequiredService<NodeCapacity>(), users,
        provider.GetRequiredService<TemplatingMetrics>(), provider.GetRequiredService<TimeProvider>());

    private static BlankOptions BlankOptionsOf(NodeOptions options) => new()
    {
        Folder = Path.Combine(options.RunPath, "blanks"),
        Count = options.Blanks.Count,
        Most = options.Blanks.Max,
        IdleLimit = options.Blanks.IdleLimit,
    };

    private static ImageOptions ImageOptionsOf(NodeOptions options) => new()
    {
        Root = Path.Combine(options.StorePath, "layers"),
        Folders = [.. options.Images.Folders],
        MaxBytes = options.Images.MaxBytes,
        MaxInodes = options.Images.MaxInodes,
        BuildTimeout = options.Images.BuildTimeout,
        CacheBytes = options.Images.CacheBytes,
    };

    private static VmUserPool? Users(NodeOptions options) =>
        UserRange(options) is { } range ? new VmUserPool((uint)range.FirstUid, range.Count) : null;

    /// <summary>Null where VMs run as the daemon's own user.</summary>
    private static VmUserRange? UserRange(NodeOptions options) =>
        (options.VmUsers ?? (Environment.IsPrivilegedProcess ? new VmUserRange() : null)) is { Count: > 0 } range ? range : null;
}

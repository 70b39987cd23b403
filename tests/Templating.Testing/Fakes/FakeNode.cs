using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Blanks;
using Templating.Core.Building;
using Templating.Core.Capacity;
using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Images;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Core.Sandboxes;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Testing.Fakes;

/// <summary>Core put together as the daemon does it, with a real store in a folder of its own and a fake in QEMU's place.</summary>
public sealed class FakeNode : IAsyncDisposable
{
    private readonly string _root;
    private bool _ownsRoot = true;
    private readonly TimeProvider _boot;
    private readonly IImageCache? _images;

    public FakeNode(long budgetMiB = 4096, int maxStarts = 4, TimeProvider? time = null, FakeNode? before = null, ILoggerFactory? logs = null,
        TemplatingMetrics? metrics = null, ITenantLimits? limits = null, VmUserPool? users = null, TimeProvider? boot = null, IImageCache? images = null, bool blanks = false, Func<PoolOptions, PoolOptions>? pools = null)
    {
        _root = before?._root ?? Directory.CreateTempSubdirectory("tmpl-").FullName;
        Vmm = before?.Vmm ?? new FakeVmm();
        _boot = boot ?? before?._boot ?? TimeProvider.System;
        Users = users ?? (Environment.IsPrivilegedProcess ? new VmUserPool(2_000_000_000, 100) : null);
        Store = new TemplateStore(new StoreOptions { Root = Path.Combine(_root, "store") }, (logs ?? NullLoggerFactory.Instance).CreateLogger<TemplateStore>());
        Leases = new RevisionLeases();
        Capacity = new NodeCapacity(new CapacityOptions { BudgetBytes = budgetMiB << 20 }, limits ?? before?.Capacity.Limits);
        var clock = time ?? TimeProvider.System;
        Options = new CloneOptions { RunFolder = Path.Combine(_root, "run"), MaxConcurrentStarts = maxStarts, StopGrace = TimeSpan.FromMilliseconds(50), FirstAnswer = TimeSpan.FromSeconds(0.5), LookLimit = TimeSpan.FromSeconds(0.2), AnswerPatience = TimeSpan.FromSeconds(1) };
        var parts = new VmParts(Vmm, Capacity, Users, metrics ?? TestMetrics.Create(), clock) { BootTime = _boot };
        _images = images ?? before?._images;
        if (blanks)
        {
            Blanks = new BlankVms(parts, new BlankOptions { Folder = Path.Combine(_root, "run", "blanks"), RefillDelay = TimeSpan.Zero }, NullLogger<BlankVms>.Instance);
            parts = parts with { Blanks = Blanks };
        }

        var waiting = new PoolOptions
        {
            Folder = Path.Combine(_root, "store", "pools"),
            VmsFolder = Options.ClonesFolder,
            MaxConcurrentStarts = maxStarts,
            Pressure = new PressureLimits { Memory = 100, Cpu = 100 },
            Interval = TimeSpan.FromMilliseconds(20),
            RefillDelay = TimeSpan.Zero,
        };
        Pools = new PoolManager(
            parts, Store, Leases, pools?.Invoke(waiting) ?? waiting,
            (logs ?? NullLoggerFactory.Instance).CreateLogger<PoolManager>());
        Clones = new CloneManager(parts, Store, Leases, Pools, Options, NullLogger<CloneManager>.Instance, _images);
        Processes = before?.Processes ?? new FakeProcesses();
        Sandboxes = new SandboxManager(Clones, Processes, NullLogger<SandboxManager>.Instance);
        Templates = new TemplateManager(
            parts, Store, Leases, Pools, Clones, new BuildOptions { BuildsFolder = Options.BuildsFolder, Settle = TimeSpan.Zero },
            (logs ?? NullLoggerFactory.Instance).CreateLogger<TemplateManager>());
        Kernel = Path.Combine(_root, "kernel");
        if (before is null)
        {
            File.WriteAllBytes(Kernel, FakeBootFiles.Kernel);
        }
    }

    public FakeVmm Vmm { get; }

    public VmUserPool? Users { get; }

    public TemplateStore Store { get; }

    public RevisionLeases Leases { get; }

    public NodeCapacity Capacity { get; }

    public CloneOptions Options { get; }

    /// <summary>Null where there are none. Who wants some runs them.</summary>
    public BlankVms? Blanks { get; }

    public CloneManager Clones { get; }

    /// <summary>Whoever wants them led to what is asked of them runs them.</summary>
    public PoolManager Pools { get; }

    public FakeProcesses Processes { get; }

    public SandboxManager Sandboxes { get; }

    public TemplateManager Templates { get; }

    public string Kernel { get; }

    /// <summary>The folders of clones and builds that are there now.</summary>
    public string[] RunFolders =>
    [
        .. new[] { Options.ClonesFolder, Options.BuildsFolder }.Where(Directory.Exists).SelectMany(Directory.GetDirectories),
    ];

    public async Task StartAsync()
    {
        await (Blanks?.RecoverAsync(CancellationToken.None) ?? Task.CompletedTask);
        await Clones.RecoverAsync(CancellationToken.None);
        Sandboxes.Recover();
        await Templates.RecoverAsync(CancellationToken.None);
    }

    public CreateTemplate Request(string tenant = "a", string name = "t") => new()
    {
        Name = new TemplateName(tenant, name),
        AnyPath = true,
        Spec = new TemplateSpec
        {
            Guest = new GuestSpec { KernelPath = Kernel },
            Machine = new MachineSpec { MemoryBytes = 32 * MachineSpec.MiB },
        },
    };

    public async Task<TemplateView> BuildAsync(string tenant = "a", string name = "t") =>
        await Templates.CreateAsync(Request(tenant, name), null, CancellationToken.None);

    /// <summary>Ends this daemon as a kill would: its VMs live on, nothing is written any more. The next one starts in its place.</summary>
    public async Task<FakeNode> RestartAsync(VmUserPool? users = null)
    {
        await Clones.DisposeAsync();
        await Pools.DisposeAsync();
        Store.Dispose();
        var next = new FakeNode(before: this, users: users);
        await next.StartAsync();
        // The folder goes with whoever came last.
        _ownsRoot = false;
        return next;
    }

    public async ValueTask DisposeAsync()
    {
        await Clones.DisposeAsync();
        await (Blanks?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Pools.DisposeAsync();
        Store.Dispose();
        if (_ownsRoot && Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }
}

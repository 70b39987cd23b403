using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;

namespace Templating.Testing.Qemu;

/// <summary>A guest booted once and frozen, and clones of it. Booting takes about 10 s under TCG: share it.</summary>
public sealed class FrozenTemplate : IAsyncDisposable
{
    /// <summary>iomem=relaxed lets the guest attack its NVDIMM through /dev/mem.</summary>
    public const string CommandLine = "console=ttyS0 quiet panic=-1 iomem=relaxed";
    private static readonly TimeSpan BootLimit = TimeSpan.FromMinutes(3);

    private readonly List<IVm> _clones = [];
    private int _count;

    private FrozenTemplate(QemuVmm vmm, TempFolder folder, ResolvedMachine machine, GuestArtifacts guest) =>
        (Vmm, Folder, Machine, Guest) = (vmm, folder, machine, guest);

    public QemuVmm Vmm { get; }

    public TempFolder Folder { get; }

    public ResolvedMachine Machine { get; }

    public GuestArtifacts Guest { get; }

    public GuestAgentKind Agent { get; private set; }

    public string MemoryPath => Folder["memory"];

    public string StatePath => Folder["state"];

    public static QemuVmm NewVmm() => new(new QemuOptions(), TimeProvider.System, NullLogger<QemuVmm>.Instance);

    public static async Task<FrozenTemplate> BootTemplateAsync(MachineSpec? spec = null, bool sandbox = false)
    {
        var guest = GuestArtifacts.Locate();
        var vmm = NewVmm();
        var machine = await vmm.ResolveAsync(spec ?? new MachineSpec(), imageCount: 1, sandbox, CancellationToken.None);
        var template = new FrozenTemplate(vmm, new TempFolder(), machine, guest);
        await using var vm = await template.BootAsync("template");
        try
        {
            template.Agent = await vm.Guest.WaitReadyAsync(BootLimit, CancellationToken.None);
            await vm.FreezeAsync(CancellationToken.None);
        }
        finally
        {
            await vm.KillAsync();
        }

        File.SetUnixFileMode(template.MemoryPath, UnixFileMode.UserRead);
        return template;
    }

    /// <summary>Boots a guest of its own, which the caller ends.</summary>
    public async Task<IVm> BootAsync(string name, string commandLine = CommandLine)
    {
        var memory = name is "template" ? MemoryPath : Folder[name + ".memory"];
        await using (var file = File.Create(memory))
        {
            file.SetLength(Machine.MemoryBytes);
        }

        var state = name is "template" ? StatePath : Folder[name + ".state"];
        await File.WriteAllBytesAsync(state, []);
        return await Vmm.BootAsync(new BootRequest
        {
            Folder = NewFolder(name),
            Machine = Machine,
            MemoryPath = memory,
            StatePath = state,
            KernelPath = Guest.Kernel,
            InitrdPath = Guest.Initrd,
            CommandLine = commandLine,
            ImagePaths = [Guest.Image],
        }, CancellationToken.None);
    }

    public PrepareRequest NewRequest(params PortForward[] forwards) => new()
    {
        Folder = NewFolder("c" + Interlocked.Increment(ref _count)),
        Machine = Machine,
        MemoryPath = MemoryPath,
        StatePath = StatePath,
        ImagePaths = [Guest.Image],
        Network = new NetworkSpec(Outbound: false, forwards),
        Generation = Guid.NewGuid(),
    };

    /// <summary>A clone that runs; ended with the template at the latest.</summary>
    public async Task<IVm> CloneAsync(params PortForward[] forwards)
    {
        var vm = await PrepareAsync(NewRequest(forwards));
        await vm.RestoreAsync(CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        return vm;
    }

    public async Task<IVm> PrepareAsync(PrepareRequest request)
    {
        var vm = await Vmm.PrepareAsync(request, CancellationToken.None);
        lock (_clones)
        {
            _clones.Add(vm);
        }

        vm.Guest.Expect(Agent);
        return vm;
    }

    /// <summary>A clone that is made of a VM that was started without memory, not restored yet.</summary>
    public async Task<(IVm Vm, PrepareRequest Request)> BindAsync(params PortForward[] forwards)
    {
        var request = NewRequest(forwards);
        var blank = await NewBlankAsync(request.User);
        var vm = await blank.BindAsync(request, CancellationToken.None);
        lock (_clones)
        {
            _clones.Add(vm);
        }

        vm.Guest.Expect(Agent);
        return (vm, request);
    }

    public Task<IBlankVm> NewBlankAsync(VmUser? user = null) => Vmm.StartBlankAsync(
        new BlankRequest
        {
            Folder = NewFolder("b" + Interlocked.Increment(ref _count)),
            Shape = BlankShape.Of(Machine, images: 1),
            Generation = Guid.NewGuid(),
            User = user,
        }, CancellationToken.None);

    public static GuestIdentity NewIdentity(string hostname) => new()
    {
        Id = hostname + "-id",
        Hostname = hostname,
        MachineId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        Clock = TimeProvider.System,
        Seed = RandomNumberGenerator.GetBytes(32),
        Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["COLOUR"] = "it's blue" },
        UserData = "user data"u8.ToArray(),
    };

    private VmFolder NewFolder(string name) => new(Directory.CreateDirectory(Folder[name]).FullName);

    public async ValueTask DisposeAsync()
    {
        foreach (var vm in _clones)
        {
            await vm.KillAsync();
            await vm.DisposeAsync();
        }

        Vmm.Dispose();
        Folder.Dispose();
    }
}

using Templating.Api.Pods;
using Templating.Contract;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Node.PodProcess;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Pods;

/// <summary>A pod's VM and its socket, with a fake in QEMU's place.</summary>
internal sealed class FakePod : IAsyncDisposable
{
    private const string Run = "run";

    /// <summary>Any user but the one the tests run as.</summary>
    private const uint Kubelet = 65_534;

    private readonly FakeNode _node;
    private readonly PodServer _server;

    private FakePod(FakeNode node, string volume, IReadOnlyList<PortForward> forwards, TimeProvider serverTime)
    {
        _node = node;
        Vm = new PodVm(
            node.Vmm, PodVolume.Open(volume), Path.Combine(volume, Run), forwards, TimeProvider.System);
        SocketPath = VolumeLayout.SocketPath(volume);
        _server = new PodServer(SocketPath, Vm, serverTime, Complaints.Add);
        Client = new PodClient(SocketPath);
    }

    public FakeVmm Vmm => _node.Vmm;

    public FakeVm Machine => _node.Vmm.Vms[^1];

    public PodVm Vm { get; }

    public string SocketPath { get; }

    public PodClient Client { get; }

    public List<string> Complaints { get; } = [];

    public static Task<FakePod> CreateAsync(params PortForward[] forwards) => CreateAsync(TimeProvider.System, forwards);

    /// <param name="serverTime">By which the socket's own deadlines pass.</param>
    public static async Task<FakePod> CreateAsync(TimeProvider serverTime, params PortForward[] forwards)
    {
        var node = new FakeNode();
        await node.StartAsync();
        var template = (await node.BuildAsync()).Name;
        var revision = node.Store.Find(template.Template, template.Revision)!.Path;
        var volume = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(node.Options.RunFolder)!, "volume")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(volume, VolumeLayout.RevisionFolder), revision);
        Directory.CreateDirectory(Path.Combine(volume, VolumeLayout.SocketFolder));
        MakeRunFolder(Path.Combine(volume, Run));
        return new FakePod(node, volume, forwards, serverTime);
    }

    public static async Task<FakePod> StartAsync(params PortForward[] forwards)
    {
        var pod = await CreateAsync(forwards);
        await pod.Vm.StartAsync(self: null);
        return pod;
    }

    /// <summary>As the kubelet makes an emptyDir: another user's, and open to all.</summary>
    private static void MakeRunFolder(string path)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        if (Environment.IsPrivilegedProcess)
        {
            FileSystem.Check(LibC.ChangeOwner(path, Kubelet, Kubelet), "give away", path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Vm.StopAsync(TimeSpan.Zero);
        await _server.DisposeAsync();
        await Vm.DisposeAsync();
        await _node.DisposeAsync();
    }
}

using Templating.Node.Commands.Runtimes;
using Templating.Testing;
using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Runtimes;

/// <summary>The containerd that a node of eng/kube has, alone in a folder of its own.</summary>
internal sealed class RealContainerd : IHostShell, IDisposable
{
    private readonly TempFolder _folder = new();
    private BoundProcess _process;

    public RealContainerd()
    {
        File.WriteAllText(Config, $"""
            version = 2
            root = "{_folder["root"]}"
            state = "{_folder["state"]}"
            disabled_plugins = ["io.containerd.internal.v1.tracing", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

            [grpc]
              address = "{Socket}"

            [plugins."io.containerd.grpc.v1.cri"]
              disable_tcp_service = true
              stream_server_port = "0"
              disable_apparmor = true
              restrict_oom_score_adj = true

              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"

              [plugins."io.containerd.grpc.v1.cri".cni]
                conf_dir = "{_folder["cni"]}"
            """);
        _process = Start();
        Client = new ContainerdClient(Socket, TimeProvider.System);
        File.WriteAllText(_folder["shim"], "a shim");
        Target = new RuntimeTarget { Shim = _folder["shim"], BinFolder = _folder["bin"], ConfigPath = Config, OptionsPath = _folder["options/shim.toml"] };
    }

    public string Config => _folder["config.toml"];

    public ContainerdClient Client { get; }

    public RuntimeTarget Target { get; }

    public int Restarts { get; private set; }

    /// <summary>What containerd is started with, where it is not what was written: an installation that it does not take.</summary>
    public Func<string, bool> Starts { get; set; } = _ => true;

    private string Socket => _folder["c.sock"];

    public async Task<string?> RunAsync(string command, TimeSpan patience, CancellationToken cancellationToken)
    {
        Restarts++;
        await _process.StopAsync();
        _process.Dispose();
        _process = Start();
        return null;
    }

    public async Task<ContainerdAnswer> AnswerAsync() =>
        await Eventually.SeeAsync(() => Client.AskAsync(CancellationToken.None), a => a.ServesKubelet, "containerd answers");

    public void Dispose()
    {
        _process.Dispose();
        _folder.Dispose();
    }

    private BoundProcess Start() => new(
        "/usr/bin/env",
        [
            $"PATH={_folder["bin"]}:/usr/bin:/bin", $"LD_LIBRARY_PATH={KubeBinaries.NodeRoot}/usr/lib/x86_64-linux-gnu", $"{KubeBinaries.NodeRoot}/usr/bin/containerd",
            "--config", Starts(File.ReadAllText(Config)) ? Config : "/dev/null/none",
        ],
        _folder["log"]);
}

using Templating.Testing;
using Templating.Testing.Kubernetes;

namespace Templating.ShimTests.Containerd;

/// <summary>A containerd of its own, as Debian has it, with no images and no CRI.</summary>
public sealed class ContainerdFixture : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private BoundProcess? _process;

    /// <summary>What eng/kube/build.sh unpacked.</summary>
    public static string Root => Path.Combine(Path.GetDirectoryName(KubeBinaries.Folder)!, "root/usr");

    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PATH"] = $"{Root}/bin:{Root}/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["LD_LIBRARY_PATH"] = $"{Root}/lib/x86_64-linux-gnu",
    };

    public string Socket => _folder["c.sock"];

    public string EventSocket => _folder["c.sock.ttrpc"];

    public async Task InitializeAsync()
    {
        var configuration = _folder.Write("c.toml", $"""
            version = 2
            root = "{_folder["root"]}"
            state = "{_folder["state"]}"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
            [grpc]
            address = "{Socket}"
            [ttrpc]
            address = "{EventSocket}"
            """);
        _process = new BoundProcess("/usr/bin/env", [.. Environment.Select(e => $"{e.Key}={e.Value}"), $"{Root}/bin/containerd", "--config", configuration], _folder["log"]);
        await Eventually.UntilAsync(
            () => !_process.HasExited ? File.Exists(Socket) && File.Exists(EventSocket) : throw new InvalidOperationException(_process.LogTail), "containerd listens");
    }

    public async Task DisposeAsync()
    {
        await (_process?.StopAsync() ?? Task.CompletedTask);
        _process?.Dispose();
        _folder.Dispose();
    }
}

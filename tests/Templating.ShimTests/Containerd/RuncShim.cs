using System.Globalization;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Tasks;
using Templating.Shim.Ttrpc;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.ShimTests.Containerd;

/// <summary>containerd's own shim, started by hand as containerd does it.</summary>
internal sealed class RuncShim : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Namespace = new(StringComparer.Ordinal) { ["containerd-namespace-ttrpc"] = "shim-tests" };

    private readonly TempFolder _bundle = new();
    private FileStream? _log;
    private TtrpcClient? _client;
    private int _pid;

    private RuncShim()
    {
    }

    public string Bundle => _bundle.Path;

    public TtrpcClient Client => _client ?? throw new InvalidOperationException("It was not started.");

    public static async Task<RuncShim> StartAsync(ContainerdFixture containerd, string id, string configuration)
    {
        var shim = new RuncShim();
        try
        {
            await shim.BeginAsync(containerd, id, configuration);
            return shim;
        }
        catch
        {
            await shim.DisposeAsync();
            throw;
        }
    }

    /// <summary>A shell and what it needs.</summary>
    public async Task<string> MakeRootAsync()
    {
        var root = _bundle["root"];
        string[] script = ["-c", "mkdir -p $0/proc $0/dev && cp --parents -L /bin/sh /bin/sleep /lib/x86_64-linux-gnu/libc.so.6 /lib64/ld-linux-x86-64.so.2 $0", root];
        var result = await Programs.RunAsync("/bin/sh", script, CancellationToken.None).Soonest();
        result.ExitCode.ShouldBe(0, result.Error);
        return root;
    }

    public Task<T> CallAsync<T>(string method, Google.Protobuf.IMessage request, Google.Protobuf.MessageParser<T> parser)
        where T : class, Google.Protobuf.IMessage<T> =>
        Client.CallAsync(TaskServiceBinding.Service, method, request, parser, Namespace, TimeSpan.FromSeconds(30), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        if (_pid > 0)
        {
            await Programs.RunAsync("/bin/kill", ["-KILL", _pid.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
        }

        if (_log is not null)
        {
            await _log.DisposeAsync();
        }

        var address = _bundle["address"];
        if (File.Exists(address))
        {
            File.Delete((await File.ReadAllTextAsync(address)).Replace("unix://", "", StringComparison.Ordinal));
        }

        _bundle.Dispose();
    }

    private async Task BeginAsync(ContainerdFixture containerd, string id, string configuration)
    {
        _bundle.Write("config.json", configuration);
        (await Programs.RunAsync("/usr/bin/mkfifo", [_bundle["log"]], CancellationToken.None)).ExitCode.ShouldBe(0);
        // Both ends: it waits for nobody, and neither does the shim.
        _log = new FileStream(_bundle["log"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        var environment = new Dictionary<string, string>(ContainerdFixture.Environment, StringComparer.Ordinal) { ["TTRPC_ADDRESS"] = containerd.EventSocket };
        string[] start =
        [
            "-C", _bundle.Path, $"{ContainerdFixture.Root}/bin/containerd-shim-runc-v2", "-namespace", "shim-tests", "-id", id, "-address", containerd.Socket,
            "-publish-binary", "/bin/true", "start",
        ];
        var result = await Programs.RunAsync("/usr/bin/env", start, CancellationToken.None, environment).Soonest();
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        _client = await TtrpcClient.ConnectAsync(result.Output.Trim().Replace("unix://", "", StringComparison.Ordinal), CancellationToken.None);
        _pid = (int)(await CallAsync("Connect", new ConnectRequest { Id = id }, ConnectResponse.Parser)).ShimPid;
    }
}

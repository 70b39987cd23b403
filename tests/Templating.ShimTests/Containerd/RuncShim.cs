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

    private readonly TempFolder _folder = new();
    private readonly ContainerdFixture _containerd;
    private readonly string _id;
    private FileStream? _log;
    private TtrpcClient? _client;
    private int _pid;

    private RuncShim(ContainerdFixture containerd, string id) => (_containerd, _id) = (containerd, id);

    /// <summary>Named by its container, as the shim's "delete" takes for granted.</summary>
    public string Bundle => _folder[_id];

    public TtrpcClient Client => _client ?? throw new InvalidOperationException("It was not started.");

    public static async Task<RuncShim> StartAsync(ContainerdFixture containerd, string id, string configuration)
    {
        var shim = new RuncShim(containerd, id);
        try
        {
            await shim.BeginAsync(configuration);
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
        var root = _folder["root"];
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

        // Whatever a test that failed has left of the container; of one that was deleted there is nothing.
        await RunAsync("delete");
        if (_log is not null)
        {
            await _log.DisposeAsync();
        }

        var address = Path.Combine(Bundle, "address");
        if (File.Exists(address))
        {
            File.Delete((await File.ReadAllTextAsync(address)).Replace("unix://", "", StringComparison.Ordinal));
        }

        _folder.Dispose();
    }

    private async Task BeginAsync(string configuration)
    {
        Directory.CreateDirectory(Bundle);
        await File.WriteAllTextAsync(Path.Combine(Bundle, "config.json"), configuration);
        var log = Path.Combine(Bundle, "log");
        (await Programs.RunAsync("/usr/bin/mkfifo", [log], CancellationToken.None)).ExitCode.ShouldBe(0);
        // Both ends: it waits for nobody, and neither does the shim.
        _log = new FileStream(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        var result = await RunAsync("start");
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
        _client = await TtrpcClient.ConnectAsync(result.Output.Trim().Replace("unix://", "", StringComparison.Ordinal), CancellationToken.None);
        _pid = (int)(await CallAsync("Connect", new ConnectRequest { Id = _id }, ConnectResponse.Parser)).ShimPid;
    }

    private Task<ProgramResult> RunAsync(string command)
    {
        var environment = new Dictionary<string, string>(ContainerdFixture.Environment, StringComparer.Ordinal) { ["TTRPC_ADDRESS"] = _containerd.EventSocket };
        string[] arguments =
        [
            "-C", Bundle, $"{ContainerdFixture.Root}/bin/containerd-shim-runc-v2", "-namespace", "shim-tests", "-id", _id, "-address", _containerd.Socket,
            "-publish-binary", "/bin/true", "-bundle", Bundle, command,
        ];
        return Programs.RunAsync("/usr/bin/env", arguments, CancellationToken.None, environment).Soonest();
    }
}

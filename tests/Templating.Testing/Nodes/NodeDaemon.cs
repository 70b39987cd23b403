using Grpc.Core;
using Grpc.Health.V1;
using Templating.Api.Client;

namespace Templating.Testing.Nodes;

/// <summary>The real daemon in a process of its own.</summary>
public sealed class NodeDaemon : IDisposable
{
    private readonly NodeFolder _folder;
    private readonly ChildProcess _process;

    private NodeDaemon(NodeFolder folder, ChildProcess process)
    {
        _folder = folder;
        _process = process;
        Client = new TemplatingClient(new TemplatingClientOptions { Address = AddressOf(folder) });
    }

    public TemplatingClient Client { get; }

    public int Pid => _process.Id;

    public bool IsRunning => !_process.HasExited;

    public static TemplatingAddress AddressOf(NodeFolder folder) =>
        TemplatingAddress.TryParse("unix://" + folder.Socket, out var address, out var problem) ? address : throw new ArgumentException(problem, nameof(folder));

    /// <param name="folder">Its store and run folder.</param>
    /// <param name="settings">As environment variables without their prefix: <c>MAX_CLONES</c>. Names with a prefix stay, and so do <c>UMASK</c> and
    /// <c>DESCRIPTORS</c>, which is how many the daemon may have open.</param>
    /// <param name="prefix">A program, with its arguments, that puts itself somewhere and becomes the daemon: <c>unshare --net</c>.</param>
    public static NodeDaemon Launch(NodeFolder folder, IReadOnlyDictionary<string, string>? settings = null, params string[] prefix)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["TEMPLATING_STORE_PATH"] = folder.Store,
            ["TEMPLATING_RUN_PATH"] = folder.Run,
            ["TEMPLATING_LOG_LEVEL"] = "debug",
            ["LOG"] = folder.LogFile,
            // They come and go beside what a test looks at; who wants some says so.
            ["TEMPLATING_BLANKS_COUNT"] = "0",
        };
        if (Environment.IsPrivilegedProcess)
        {
            // No two daemons of a host share users, and tests have several.
            environment["TEMPLATING_VM_USERS_FIRST_UID"] = folder.FirstUid;
            environment["TEMPLATING_VM_USERS_COUNT"] = NodeFolder.UserCount;
        }

        foreach (var (name, value) in settings ?? environment)
        {
            environment[IsWhole(name) ? name : "TEMPLATING_" + name] = value;
        }

        return new NodeDaemon(folder, new ChildProcess(
            "/bin/sh",
            ["-c", "umask ${UMASK:-022}; ulimit -n ${DESCRIPTORS:-$(ulimit -Hn)}; exec \"$@\" >>\"$LOG\" 2>&1 </dev/null", "sh", .. prefix, NodeExecutable.Path, "serve"],
            environment, redirect: false));
    }

    /// <exception cref="InvalidOperationException">It ended instead; the message has its log.</exception>
    public async Task WaitServingAsync(CancellationToken cancellationToken)
    {
        using var channel = ChannelFactory.Create(new TemplatingClientOptions { Address = AddressOf(_folder) });
        var health = new Health.HealthClient(channel);
        while (!await IsServingAsync(health, cancellationToken))
        {
            if (!IsRunning)
            {
                throw new InvalidOperationException($"The daemon ended with code {await _process.WaitExitAsync(cancellationToken)}:\n{ReadLog()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
    }

    public string ReadLog() => File.Exists(_folder.LogFile) ? File.ReadAllText(_folder.LogFile) : "";

    /// <summary>As <c>systemctl stop</c> does.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> StopAsync(CancellationToken cancellationToken) => EndAsync(Signals.Terminate, cancellationToken);

    public Task<int> KillAsync(CancellationToken cancellationToken) => EndAsync(Signals.Kill, cancellationToken);

    public Task<int> WaitEndAsync(CancellationToken cancellationToken) => _process.WaitExitAsync(cancellationToken);

    public void Dispose()
    {
        Client.Dispose();
        _process.Dispose();
    }

    private static bool IsWhole(string name) => name.StartsWith("OTEL_", StringComparison.Ordinal)
        || name.StartsWith("TEMPLATING_", StringComparison.Ordinal) || name is "PATH" or "LOG" or "UMASK" or "DESCRIPTORS";

    private static async Task<bool> IsServingAsync(Health.HealthClient health, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await health.CheckAsync(new HealthCheckRequest(), cancellationToken: cancellationToken);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    private Task<int> EndAsync(int signal, CancellationToken cancellationToken)
    {
        if (IsRunning)
        {
            Signals.Send(Pid, signal);
        }

        return WaitEndAsync(cancellationToken);
    }
}

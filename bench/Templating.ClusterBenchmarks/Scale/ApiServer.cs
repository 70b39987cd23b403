using Templating.ClusterBenchmarks.Cluster;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>An etcd and a kube-apiserver of this run's own (eng/kube/api.sh), without any controller.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(2);

    private readonly string _scripts;
    private readonly string _folder;

    private ApiServer(string scripts, string folder) => (_scripts, _folder) = (scripts, folder);

    public string Kubeconfig => Path.Combine(_folder, "kubeconfig");

    /// <summary>Its authority vouches for clients: their common name is the user.</summary>
    public Authority LoadAuthority() => Authority.Load(Path.Combine(_folder, "pki/ca.crt"), Path.Combine(_folder, "pki/ca.key"));

    public static async Task<ApiServer> StartAsync(string scripts, string folder, CancellationToken cancellationToken)
    {
        var server = new ApiServer(scripts, folder);
        var started = false;
        try
        {
            await Commands.RunAsync([Path.Combine(scripts, "api.sh"), folder], folder + ".log", null, cancellationToken);
            started = true;
            return server;
        }
        finally
        {
            if (!started)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Of etcd and API server together, since their start.</summary>
    public double CpuSeconds() => Directory.EnumerateFiles(Path.Combine(_folder, "run"), "*.init")
        .Sum(f => Descendants(int.Parse(File.ReadAllText(f).Trim(), System.Globalization.CultureInfo.InvariantCulture)).Sum(p => new HostFigures(p).CpuSeconds));

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        await Commands.RunAsync([Path.Combine(_scripts, "down.sh"), "--purge", _folder], _folder + ".log", null, limit.Token);
    }

    private static IEnumerable<int> Descendants(int pid)
    {
        yield return pid;
        foreach (var child in File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var process in Descendants(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)))
            {
                yield return process;
            }
        }
    }
}

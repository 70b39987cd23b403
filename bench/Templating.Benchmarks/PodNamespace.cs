using System.Net;

namespace Templating.Benchmarks;

/// <summary>A network namespace as a pod has one; gone when disposed.</summary>
internal sealed class PodNamespace : IAsyncDisposable
{
    public const string Tap = "tap0";
    public const byte Prefix = 24;

    /// <summary>Of RFC 5737: on no network.</summary>
    private const string HostAddress = "192.0.2.1";

    private readonly string _name = $"templating-bench-{Environment.ProcessId}";

    private PodNamespace()
    {
    }

    public static IPAddress GuestAddress { get; } = IPAddress.Parse("192.0.2.2");

    public string Path => $"/run/netns/{_name}";

    public static async Task<PodNamespace> CreateAsync(CancellationToken cancellationToken)
    {
        var made = new PodNamespace();
        await IpAsync(["netns", "add", made._name], cancellationToken);
        return File.Exists(made.Path) ? made : throw new BenchmarkException("No network namespace could be made: is iproute2 installed?");
    }

    /// <summary>The tap has come with its card.</summary>
    public Task SetUpAsync(CancellationToken cancellationToken) =>
        IpAsync(["-n", _name, "address", "add", $"{HostAddress}/{Prefix}", "dev", Tap], cancellationToken);

    /// <summary>From the start of a program in the namespace until the guest's kernel has refused it a connection, which is an answer.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        var said = await Child.RunAsync(
            ["ip", "netns", "exec", _name, "bash", "-c", $"exec 2>&1; exec 3<>/dev/tcp/{GuestAddress}/9"], cancellationToken);
        if (!said.Contains("refused", StringComparison.Ordinal))
        {
            throw new BenchmarkException($"The guest does not answer in its namespace: {said}");
        }
    }

    public async ValueTask DisposeAsync() => await IpAsync(["netns", "delete", _name], CancellationToken.None);

    private static async Task IpAsync(IEnumerable<string> words, CancellationToken cancellationToken) =>
        _ = await Child.RunAsync(words.Prepend("ip"), cancellationToken);
}

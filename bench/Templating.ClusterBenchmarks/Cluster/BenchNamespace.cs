using System.Security.Cryptography;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>A namespace of this run's own: with it goes everything.</summary>
internal sealed class BenchNamespace : IAsyncDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    private readonly ClusterClient _client;

    private BenchNamespace(ClusterClient client, string name) => (_client, Name) = (client, name);

    public string Name { get; }

    public static async Task<BenchNamespace> CreateAsync(ClusterClient client, CancellationToken cancellationToken)
    {
        var name = $"bench-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
        await client.Api.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, cancellationToken: cancellationToken);
        return new BenchNamespace(client, name);
    }

    /// <summary>Tells the server; the rest is its own and the operator's work.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(CallLimit);
        try
        {
            await _client.Api.CoreV1.DeleteNamespaceAsync(Name, cancellationToken: limit.Token);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"Namespace {Name} was left: {e.Message}");
        }
    }
}

using System.Net;
using System.Text;
using Templating.Benchmarks;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Simulation;

/// <summary>
/// Writes whose answers nobody reads: the simulator shares its machine's cores with what is measured, and must be cheap.
/// </summary>
internal sealed class RawWrites(KubernetesApi api)
{
    public Task PostAsync(string path, string json, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, json, "application/json", cancellationToken);

    public Task MergeAsync(string path, string json, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, path, json, "application/merge-patch+json", cancellationToken);

    public Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}""", "application/json", cancellationToken);

    private async Task SendAsync(HttpMethod method, string path, string json, string type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(api.BaseUri, path))
        {
            Content = new StringContent(json, Encoding.UTF8, type),
            Version = HttpVersion.Version20,
        };
        await api.Credentials.ProcessHttpRequestAsync(request, cancellationToken);
        using var response = await api.HttpClient.SendAsync(request, cancellationToken);
        // An object that has gone meanwhile needs nothing more.
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
        {
            throw new BenchmarkException($"{method} {path}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }
}

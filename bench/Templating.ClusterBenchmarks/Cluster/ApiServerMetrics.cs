using Templating.Kubernetes.Metrics;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>What the API server counted itself: the check on what the operator says it wrote.</summary>
internal static class ApiServerMetrics
{
    private static readonly string[] Writes = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];

    public static async Task<MetricsPage> ReadAsync(KubernetesApi api, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api.BaseUri, "metrics"));
        await api.Credentials.ProcessHttpRequestAsync(request, cancellationToken);
        using var response = await api.HttpClient.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return MetricsPage.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Writes of one resource, its status and other sub-resources included; whoever made them.</summary>
    public static double WritesOf(this MetricsPage page, string resource) =>
        page.Sum("apiserver_request_total", s => s.Label("resource") == resource && Writes.Contains(s.Label("verb"), StringComparer.Ordinal));
}

using k8s;
using Templating.Kubernetes;
using Templating.Kubernetes.Metrics;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>What the operator counts itself (docs/telemetry.md).</summary>
internal static class OperatorMetrics
{
    /// <summary>Of all operator pods of an installation: only the leader writes, but who leads may change.</summary>
    public static async Task<MetricsPage> ReadAsync(
        KubernetesApi api, HttpClient http, string installation, int port, CancellationToken cancellationToken)
    {
        var pods = await api.CoreV1.ListNamespacedPodAsync(
            installation, labelSelector: InstallationLabels.OperatorSelector, cancellationToken: cancellationToken);
        var pages = new List<MetricsPage>();
        foreach (var pod in pods.Items.Where(p => p.Status?.PodIP is not null && p.Metadata.DeletionTimestamp is null))
        {
            pages.Add(await ReadAsync(http, new Uri($"http://{pod.Status.PodIP}:{port}/metrics"), cancellationToken));
        }

        return MetricsPage.Join(pages);
    }

    public static async Task<MetricsPage> ReadAsync(HttpClient http, Uri address, CancellationToken cancellationToken) =>
        MetricsPage.Parse(await http.GetStringAsync(address, cancellationToken));

    /// <summary>All but the leader's renewals, which go on whatever happens.</summary>
    public static double WritesInAll(this MetricsPage page) => page.Sum(OperatorSeries.Writes, s => s.Label("resource") != "leases");

    public static Dictionary<string, double> WritesByKind(this MetricsPage page) =>
        page.SumBy(OperatorSeries.Writes, s => $"{s.Label("controller")} {s.Label("verb")} {s.Label("resource")}{(s.Label("outcome") is "ok" ? "" : " " + s.Label("outcome"))}".Trim());

    public static double Retries(this MetricsPage page) => page.Sum(OperatorSeries.Retries);

    public static double Conflicts(this MetricsPage page) => page.Sum(OperatorSeries.Conflicts);

    public static double QueueDepth(this MetricsPage page) => page.Sum(OperatorSeries.QueueDepth);
}

using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>
/// What the cluster's objects are measured by when somebody looks, and the beginning of what is counted. Starts after the
/// exporters.
/// </summary>
internal sealed class OperatorGauges(
    OperatorMetrics metrics, ICache<VMTemplate> templates, ICache<VMPool> pools, INodeDirectory nodes, NodeClients clients) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Begin();
        metrics.ObserveStates(
            "templating.operator.templates", "{template}", "VMTemplates, by where their present revision is ready.",
            ["everywhere", "partly", "nowhere"], () => templates.List().Select(StateOf));
        metrics.ObserveStates(
            "templating.operator.pools", "{pool}", "VMPools, by how many VMs wait in them of those that should.",
            ["full", "short", "empty", "idle"], () => pools.List().Select(StateOf));
        metrics.ObserveStates(
            "templating.operator.nodes", "{node}", "Nodes whose daemon runs, by whether it can be reached.",
            ["synced", "unreachable"], () => nodes.All.Select(node => node.Synced ? "synced" : "unreachable"));
        metrics.ObserveSeconds("templating.operator.certificate.remaining", "Time until the operator's certificate expires.", clients.Remaining);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string StateOf(VMTemplate template) => (template.Status?.ReadyNodes ?? 0, template.Status?.DesiredNodes ?? 0) switch
    {
        (0, _) => "nowhere",
        var (ready, desired) when ready < desired => "partly",
        _ => "everywhere",
    };

    private static string StateOf(VMPool pool) => (pool.Status?.ReadyReplicas ?? 0, pool.Spec.Replicas ?? 1) switch
    {
        (_, 0) => "idle",
        (0, _) => "empty",
        var (ready, wanted) when ready < wanted => "short",
        _ => "full",
    };
}

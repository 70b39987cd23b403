using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

/// <summary>Whether operator and daemons are there; nothing is said where one may not see them.</summary>
internal static class InstallationFacts
{
    /// <summary>The source of its Events.</summary>
    private const string OperatorComponent = "templating-operator";

    /// <summary>An object without conditions: nobody has looked at it, or who did could not say so.</summary>
    /// <param name="observed">The generation that its status is about.</param>
    public static IEnumerable<Finding> NotTold(Snapshot snapshot, string kind, V1ObjectMeta metadata, long? observed)
    {
        if (observed is not null || snapshot.Events.Any(e => e.Source?.Component == OperatorComponent && e.InvolvedObject?.Uid == metadata.Uid && e.InvolvedObject?.Kind == kind))
        {
            yield return new(
                "It has no conditions, though the operator has looked at it: its status could not be written.",
                $"Read its Events, and the operator's log: kubectl logs -n NAMESPACE -l {InstallationLabels.OperatorSelector}.");
            yield break;
        }

        var seen = new Finding("It has no conditions, and no Event of the operator: it has not looked at it yet, or could write neither.");
        yield return snapshot.Operators is { } operators && !operators.Any(PodFacts.IsReady)
            ? seen with
            {
                Text = seen.Text + " No operator is ready.",
                Advice = $"Look at the operator's pods: kubectl get pods -A -l {InstallationLabels.OperatorSelector}.",
            }
            : seen;
    }

    public static IEnumerable<Finding> Daemon(Snapshot snapshot, string node)
    {
        if (snapshot.Daemons is not { } daemons)
        {
            yield break;
        }

        // While it is updated there are two.
        var daemon = daemons.Where(d => d.Spec?.NodeName == node).OrderByDescending(PodFacts.IsReady).FirstOrDefault();
        if (daemon is null)
        {
            yield return new($"No daemon runs on node {node}.", "Check the DaemonSet's nodeSelector and tolerations (the chart's node.nodeSelector, node.tolerations).");
        }
        else if (!PodFacts.IsReady(daemon))
        {
            yield return new(
                $"The daemon on node {node} is not ready.",
                $"Read its log: kubectl logs -n {daemon.Metadata.NamespaceProperty} {daemon.Metadata.Name}.");
        }
    }
}

using Templating.Kubectl.Cluster;
using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

/// <summary>Whether operator and daemons are there; nothing is said where one may not see them.</summary>
internal static class InstallationFacts
{
    /// <summary>An object that nobody has looked at yet.</summary>
    public static IEnumerable<Finding> NotSeenYet(Snapshot snapshot)
    {
        var seen = new Finding("It has no conditions: the operator has not looked at it yet.");
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

using Templating.Core.Diagnostics;
using Templating.Core.Names;
using Templating.V1;

namespace Templating.Node.VmPods;

/// <summary>What the table of VM pods is measured by.</summary>
internal static class PodGauges
{
    private static readonly PodState[] States = [.. Enum.GetValues<PodState>().Where(state => state != PodState.Unspecified)];

    public static void Observe(TemplatingMetrics metrics, PodTable pods) =>
        metrics.ObserveClones(VmOwner.Pod, States, () => pods.List(tenant: null).Select(pod => pod.Status.State));

    /// <summary>The revision of each VM that is there.</summary>
    public static IEnumerable<RevisionName> Revisions(PodTable pods) => pods.List(tenant: null)
        .Where(pod => pod.Status.State is PodState.Waiting or PodState.Activating or PodState.Ready).Select(pod => pod.Volume.Revision);
}

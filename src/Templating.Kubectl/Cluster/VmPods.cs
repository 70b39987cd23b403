using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Cluster;

internal static class VmPods
{
    /// <summary>The pod that a VMClone has now, or the VM pod of that name.</summary>
    /// <exception cref="PluginException">There is none, or it does not run.</exception>
    public static V1Pod Find(IEnumerable<VMClone> clones, IEnumerable<V1Pod> pods, string @namespace, string name)
    {
        var bare = name.Contains('/', StringComparison.Ordinal) ? name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..] : name;
        var clone = clones.FirstOrDefault(c => c.Metadata.NamespaceProperty == @namespace && c.Metadata.Name == bare);
        var wanted = clone is null ? bare : clone.Status?.PodName;
        if (wanted is null)
        {
            throw new PluginException($"VMClone '{bare}' has no pod yet; kubectl templating explain {bare} says why.");
        }

        var pod = pods.FirstOrDefault(p => p.Metadata.NamespaceProperty == @namespace && p.Metadata.Name == wanted)
            ?? throw new PluginException(clone is null
                ? $"There is no VMClone and no VM pod '{bare}' in namespace '{@namespace}'."
                : $"VMClone '{bare}' had the pod '{wanted}', which is gone.");
        return Runs(pod) ? pod
            : throw new PluginException(pod.Status?.Phase == PodPhases.Running
                ? $"The VM of pod '{wanted}' ended, and other containers of it run on; kubectl templating explain {bare} says why."
                : $"Pod '{wanted}' is {pod.Status?.Phase ?? "Unknown"}, expected Running; kubectl templating explain {bare} says why.");
    }

    /// <summary>Whether its VM may run: it may have ended where the pod runs on for others in it.</summary>
    public static bool Runs(V1Pod pod) => pod.Status?.Phase == PodPhases.Running && !VmContainer.HasEnded(pod);
}

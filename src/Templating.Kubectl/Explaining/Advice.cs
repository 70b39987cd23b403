using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

/// <summary>What to do about a condition's, a node's, a container's or an Event's reason.</summary>
internal static class Advice
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        [Reasons.InvalidSpec] = "Correct the field that the message names, and apply the object again.",
        [Reasons.ApiRefused] = "The message is the API server's: look at the admission rule, quota or role it names; it is tried again by itself.",
        [Reasons.ApiUnavailable] = "Look at the API server; it is tried again by itself.",
        [Reasons.StatusNotWritten] = "Look at the admission rule or role that the message names: without a status nobody can tell how it is.",
        [Reasons.ClaimRefused] = "Exempt VM pods from the admission rule that the message names, or let it take a pod's labels.",
        [Reasons.PodRefused] = "Check the namespace's ResourceQuota, LimitRange and admission policies.",
        [Reasons.CreateFailed] = "Check the namespace's ResourceQuota, LimitRange and admission policies.",
        [Reasons.ChangesIgnored] = "Put the fields back that the message names, or make another VMClone.",
        [Reasons.TemplateNotFound] = "Make the VMTemplate in this namespace, or correct the name.",
        [Reasons.PoolNotFound] = "Make the VMPool in this namespace, or correct the name.",
        [Reasons.TemplateNotReady] = "Look at the template: kubectl templating explain vmtemplate/NAME.",
        [Reasons.InputMissing] = "Make the Secret or ConfigMap, or its key; or mark the reference as optional.",
        [Reasons.NoNodes] = "Check the template's nodeSelector, and that a daemon runs on the nodes it selects.",
        [Reasons.NodesUnreachable] = $"Look at the daemons' pods: kubectl get pods -A -l {InstallationLabels.NodeSelector}.",
        [Reasons.NodeUnreachable] = $"Look at that node's daemon: kubectl get pods -A -o wide -l {InstallationLabels.NodeSelector}.",
        [Reasons.InUse] = "Delete the VMClones, VMPools and VM pods that use it.",
        [Reasons.BuildFailed] = "The message says which step failed; correct the template's spec, and it is built again.",
        [Reasons.NoSpace] = "Free disk space in the store's folder on that node, or take the node out by nodeSelector.",
        [Reasons.QemuUnsupported] = "Update the daemon's image: it needs QEMU 8.2 or newer.",
        [Reasons.SpecRefused] = "Correct the field that the message names.",
        [Reasons.GuestFailed] = "Check kernel, initrd and command line; the end of the guest's console is in the message.",
        [Reasons.WarmUpFailed] = "Try the warm-up command in a VM of the template; it must exit with 0.",
        [Reasons.OOMKilled] = "Raise the memory limit: spec.pod.resources.limits.memory.",
        [Reasons.NodeLost] = "Bring the node back, or set restartPolicy to have the VM made again elsewhere.",
        [Reasons.NodeUnavailable] = $"Look at that node's daemon: kubectl get pods -A -o wide -l {InstallationLabels.NodeSelector}; where none runs, check the chart's node.nodeSelector and node.tolerations.",
        [Reasons.Preempted] = "Give it a priority of its own: spec.pod.priorityClassName, of the pool where it has one.",
        [Reasons.PodDeleted] = "Make the VMClone again, or set restartPolicy: Always.",
        [Reasons.Evicted] = "Where the node ran short, free what it ran out of, or raise the VM's requests; where it was drained, set restartPolicy: OnFailure.",
        [Reasons.GuestPanicked] = "Read the guest's console: kubectl logs POD.",
        [Reasons.VMFailed] = "Read the guest's console: kubectl logs POD.",
        [Reasons.Unschedulable] = "Free resources, add nodes, or lower the VM's requests; a node must also have the template ready.",
        ["ImagePullBackOff"] = "Check node.image in the chart's values, and that nodes can fetch it.",
        ["ErrImagePull"] = "Check node.image in the chart's values, and that nodes can fetch it.",
        ["ErrImageNeverPull"] = "Import the image into the nodes, or change node.image.pullPolicy.",
        ["FailedMount"] = "The message says why the daemon refused the volume: the template must be in the pod's own namespace and ready on that node.",
        ["FailedCreatePodSandBox"] = "Look at the node's container runtime and network plugin.",
        ["FailedCreate"] = "Check the namespace's ResourceQuota, LimitRange and admission policies.",
    };

    public static string? For(string? reason) => reason is not null && Known.TryGetValue(reason, out var advice) ? advice : null;
}

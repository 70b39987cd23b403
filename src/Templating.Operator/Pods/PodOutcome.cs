using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>How a VM pod ended. The reasons are documented in docs/kubernetes/pools-and-clones.md.</summary>
/// <param name="Failed">Whether a VM that is to be remade on failure is.</param>
internal sealed record PodOutcome(string Reason, string Message, bool Failed)
{
    public static PodOutcome NodeLost(string message) => new(Reasons.NodeLost, message, Failed: true);

    public static PodOutcome Deleted(string? pod, string more = "") => new(Reasons.PodDeleted, Text($"Pod '{pod}' was deleted.", more), Failed: true);

    public static PodOutcome ShutDown(DateTime at) => new(Reasons.ShutdownTime, $"It was shut down at {at:u}, as asked for.", Failed: false);

    public static PodOutcome Expired(DateTime at) => new(Reasons.Expired, $"Its time to live was over at {at:u}, and it was shut down.", Failed: false);

    /// <summary>Of a pod whose VM ended: by its container, or with the whole pod.</summary>
    public static PodOutcome Of(V1Pod pod)
    {
        var status = pod.Status;
        var ended = pod.Container()?.State?.Terminated ?? pod.Container()?.LastState?.Terminated;

        // First what happened to the VM, whatever its pod's phase: the kernel may have killed QEMU while the process
        // beside it ended well.
        if (ended?.Reason == Reasons.OOMKilled || status?.Reason == Reasons.OOMKilled)
        {
            return new(Reasons.OOMKilled, Text("The VM took more memory than its pod's limit.", ended?.Message, status?.Message), Failed: true);
        }

        return PodDisruption.OfStatus(status) ?? (ended is null ? NotStarted(status) : OfContainer(ended));
    }

    /// <summary>One after the other what is there.</summary>
    internal static string Text(string first, params string?[] rest) =>
        string.Join(' ', rest.Where(r => !string.IsNullOrWhiteSpace(r)).Select(r => r!.Trim()).Prepend(first));

    private static PodOutcome NotStarted(V1PodStatus? status)
    {
        if (status?.Phase == PodPhases.Succeeded)
        {
            return new(Reasons.GuestPoweredOff, "The VM ended in order.", Failed: false);
        }

        // With a restart policy of Never, another's init container that fails is the pod's end, too.
        var init = status?.InitContainerStatuses?.FirstOrDefault(c => c.State?.Terminated is { ExitCode: not 0 });
        var first = init?.State.Terminated is { } failed
            ? $"Its init container '{init.Name}' exited with {failed.ExitCode} ({failed.Reason})."
            : "The pod failed before its container ran.";
        return new(Reasons.PodFailed, Text(first, init?.State.Terminated?.Message, status?.Reason, status?.Message), Failed: true);
    }

    private static PodOutcome OfContainer(V1ContainerStateTerminated ended)
    {
        if (ended.ExitCode == 0)
        {
            return ended.Message?.Contains("guest rebooted", StringComparison.Ordinal) == true
                ? new(Reasons.GuestRebooted, "The guest rebooted, which ends its VM.", Failed: false)
                : new(Reasons.GuestPoweredOff, Text("The guest powered off.", ended.Message), Failed: false);
        }

        if (ended.Reason is "StartError" or "ContainerCannotRun" or "ContainerStatusUnknown")
        {
            return new(Reasons.ContainerFailed, Text("The container did not run.", ended.Reason, ended.Message), Failed: true);
        }

        var reason = ended.Message?.Contains("kernel panicked", StringComparison.Ordinal) == true ? Reasons.GuestPanicked
            : ended.ExitCode is 137 or 143 ? Reasons.Killed
            : Reasons.VMFailed;
        return new(reason, Text($"The VM's container exited with {ended.ExitCode}.", ended.Message), Failed: true);
    }
}

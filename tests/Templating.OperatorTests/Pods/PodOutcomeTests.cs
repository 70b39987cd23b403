using k8s.Models;
using Templating.Operator.Pods;

namespace Templating.OperatorTests.Pods;

public sealed class PodOutcomeTests
{
    [Theory]
    [InlineData("Succeeded", null, 0, "Completed", null, "GuestPoweredOff", false)]
    [InlineData("Succeeded", null, 0, "OOMKilled", null, "OOMKilled", true)]
    [InlineData("Failed", null, 137, "OOMKilled", null, "OOMKilled", true)]
    [InlineData("Succeeded", null, 0, "Completed", "the guest powered off", "GuestPoweredOff", false)]
    [InlineData("Succeeded", null, 0, "Completed", "the guest rebooted", "GuestRebooted", false)]
    [InlineData("Failed", null, 1, "Error", "the guest's kernel panicked: Kernel panic - not syncing: x", "GuestPanicked", true)]
    [InlineData("Failed", null, 1, "Error", "QEMU ended with code 1: no panic button", "VMFailed", true)]
    [InlineData("Failed", null, 1, "Error", "no room", "VMFailed", true)]
    [InlineData("Failed", null, 137, "Error", null, "Killed", true)]
    [InlineData("Failed", null, 128, "StartError", "exec: no such file", "ContainerFailed", true)]
    [InlineData("Failed", "Evicted", null, null, null, "Evicted", true)]
    [InlineData("Failed", "Evicted", 137, "Error", null, "Evicted", true)]
    [InlineData("Failed", "NodeShutdown", 0, "Completed", null, "NodeShutdown", true)]
    [InlineData("Failed", "NodeLost", null, null, null, "NodeLost", true)]
    [InlineData("Failed", "Preempting", null, null, null, "Preempted", true)]
    [InlineData("Failed", "OutOfmemory", null, null, null, "PodFailed", true)]
    [InlineData("Succeeded", null, null, null, null, "GuestPoweredOff", false)]
    public void APodsStatusTellsHowItsVMEnded(
        string phase, string? podReason, int? exitCode, string? reason, string? message, string expected, bool failed)
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "p" },
            Status = new V1PodStatus
            {
                Phase = phase,
                Reason = podReason,
                ContainerStatuses = exitCode is not { } code ? null :
                [
                    new V1ContainerStatus
                    {
                        Name = "vm",
                        State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = code, Reason = reason, Message = message } },
                    },
                ],
            },
        };

        var outcome = PodOutcome.Of(pod);

        outcome.Reason.ShouldBe(expected);
        outcome.Failed.ShouldBe(failed);
        outcome.Message.ShouldContain(message ?? "");
    }
}

using System.Text.Json;
using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.OperatorTests.Pods;

public sealed class VmContainerTests
{
    [Theory]
    [InlineData("Running", "Never", null, "running", false)]
    [InlineData("Running", "Never", null, "0", true)]
    [InlineData("Running", "Never", null, "137", true)]
    [InlineData("Running", "OnFailure", null, "0", true)]
    [InlineData("Running", "OnFailure", null, "1", false)]
    [InlineData("Running", "Always", null, "0", false)]
    [InlineData("Running", "Always", "Never", "0", true)]
    [InlineData("Running", "Never", "Always", "0", false)]
    [InlineData("Running", "Never", null, "waiting", false)]
    [InlineData("Pending", "Never", null, "none", false)]
    [InlineData("Running", "Never", null, "none", false)]
    [InlineData("Failed", "Never", null, "none", true)]
    [InlineData("Succeeded", "Always", null, "running", true)]
    public void AVMHasEndedWhenItsContainerIsNotStartedAgain(string phase, string policy, string? own, string state, bool expected)
    {
        var pod = Pod(phase, policy, own, State(state));
        pod.VmHasEnded().ShouldBe(expected);

        // What the operator reads of a pod says the same.
        using var json = JsonDocument.Parse(KubernetesJson.Serialize(pod));
        ObjectJson.Read<V1Pod>(json.RootElement).VmHasEnded().ShouldBe(expected);
    }

    [Fact]
    public void ThatAnotherContainerEndedSaysNothingOfTheVM()
    {
        var pod = Pod("Running", "Never", null, State("running"));
        pod.Status.ContainerStatuses.Insert(0, Container("proxy", State("1")));
        pod.Status.InitContainerStatuses = [Container("setup", State("0"))];
        pod.Status.EphemeralContainerStatuses = [Container("debug", State("0"))];

        pod.VmHasEnded().ShouldBeFalse();
    }

    [Fact]
    public void NoContainerOfAPodThatIsDeletedIsStartedAgain()
    {
        var pod = Pod("Running", "Always", null, State("0"));
        pod.Metadata.DeletionTimestamp = DateTime.UnixEpoch;

        pod.VmHasEnded().ShouldBeTrue();
    }

    [Theory]
    [InlineData("Pending", "none", 0, true)]
    [InlineData("Pending", "waiting", 0, true)]
    [InlineData("Running", "waiting", 1, false)]
    [InlineData("Running", "running", 0, false)]
    [InlineData("Running", "0", 0, false)]
    [InlineData("Failed", "none", 0, false)]
    public void AVMNeverRanWhenItsContainerDidNot(string phase, string state, int restarts, bool expected)
    {
        var pod = Pod(phase, "Never", null, State(state));
        if (pod.Container() is { } vm)
        {
            vm.RestartCount = restarts;
        }

        VmContainer.NeverRan(pod).ShouldBe(expected);
    }

    private static V1Pod Pod(string phase, string policy, string? own, V1ContainerState? state) => new()
    {
        Metadata = new V1ObjectMeta { Name = "p" },
        Spec = new V1PodSpec { RestartPolicy = policy, Containers = [new V1Container { Name = "proxy" }, new V1Container { Name = "vm", RestartPolicy = own }] },
        Status = new V1PodStatus { Phase = phase, ContainerStatuses = state is null ? null : [Container("vm", state)] },
    };

    private static V1ContainerStatus Container(string name, V1ContainerState? state) => new() { Name = name, State = state };

    private static V1ContainerState? State(string state) => state switch
    {
        "none" => null,
        "waiting" => new() { Waiting = new V1ContainerStateWaiting { Reason = "ContainerCreating" } },
        "running" => new() { Running = new V1ContainerStateRunning() },
        _ => new() { Terminated = new V1ContainerStateTerminated { ExitCode = int.Parse(state, System.Globalization.CultureInfo.InvariantCulture) } },
    };
}

using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Explaining;

namespace Templating.KubectlTests;

/// <summary>Others in a VM's pod: the VM is its container alone.</summary>
public sealed class SidecarTests
{
    [Fact]
    public void APodWhoseVMEndedTakesNoCommandThoughItRuns()
    {
        var pod = Pod(Container("proxy", new() { Running = new() }), Container("vm", new() { Terminated = new() { ExitCode = 0 } }));

        VmPods.Runs(pod).ShouldBeFalse();
        Should.Throw<PluginException>(() => VmPods.Find([], [pod], Cluster.Namespace, "web-pod")).Message.ShouldContain("The VM of pod 'web-pod' ended");
    }

    [Fact]
    public void APodWhoseSidecarEndedTakesCommands()
    {
        var pod = Pod(Container("proxy", new() { Terminated = new() { ExitCode = 1 } }), Container("vm", new() { Running = new() }));

        VmPods.Find([], [pod], Cluster.Namespace, "web-pod").ShouldBeSameAs(pod);
        Text(pod).ShouldNotContain("ended with exit code");
    }

    [Fact]
    public void WhatKeepsTheVMFromStartingIsToldByItsContainersName()
    {
        var pod = Pod(Container("vm", new() { Waiting = new() { Reason = "PodInitializing" } }));
        pod.Status.InitContainerStatuses =
        [
            Container("setup", new() { Terminated = new() { ExitCode = 0 } }), Container("mesh", new() { Waiting = new() { Reason = "ImagePullBackOff", Message = "no such image" } }),
        ];

        var text = Text(pod);

        text.ShouldContain("The init container mesh of pod web-pod waits (ImagePullBackOff): no such image");
        text.ShouldNotContain("setup");
        text.ShouldNotContain("PodInitializing");
    }

    private static V1Pod Pod(params V1ContainerStatus[] containers)
    {
        var pod = Cluster.Pod();
        pod.Spec.RestartPolicy = "Never";
        pod.Status.ContainerStatuses = [.. containers];
        return pod;
    }

    private static V1ContainerStatus Container(string name, V1ContainerState state) => new() { Name = name, State = state };

    private static string Text(V1Pod pod) => ExplanationText.Of(Explainer.Explain(
        new Snapshot { Clones = [Cluster.Clone(Cluster.Condition("Ready", "False", "Starting"))], Pods = [pod] }, Cluster.Namespace, "vmclone/web").ShouldHaveSingleItem());
}

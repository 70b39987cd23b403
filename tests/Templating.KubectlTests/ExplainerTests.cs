using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Explaining;
using Templating.Kubernetes.Resources;

namespace Templating.KubectlTests;

public sealed class ExplainerTests
{
    [Fact]
    public void AReadyCloneHasNothingInItsWay()
    {
        var clone = Cluster.Clone(Cluster.Condition("Ready", "True", "Ready"));
        clone.Status!.NodeName = "node-1";
        clone.Status.PodName = "web-pod";
        clone.Status.Start = "Warm";
        Text(new Snapshot { Clones = [clone] }, "web").ShouldBe("VMClone team-a/web: ready, warm on node node-1, pod web-pod.");
    }

    [Fact]
    public void ARefusedCloneNamesItsFaultAndWhatToDo()
    {
        var clone = Cluster.Clone(Cluster.Condition("Accepted", "False", "InvalidSpec", "spec.env: too large"));
        var text = Text(new Snapshot { Clones = [clone] }, "vmclone/web");
        text.ShouldContain("Accepted is False, InvalidSpec: spec.env: too large");
        text.ShouldContain("To do: Correct the field");
    }

    [Fact]
    public void ACloneWithoutAPodIsExplainedByItsTemplate()
    {
        var snapshot = new Snapshot
        {
            Clones = [Cluster.Clone(Cluster.Condition("Accepted", "True", "Accepted"), Cluster.Condition("Scheduled", "False", "TemplateNotReady"))],
            Templates = [Cluster.Template(new VMTemplateNode { Name = "node-1", State = "Failed", Reason = "NoSpace", Message = "2 GiB short" })],
            Installation = [Cluster.Installed("node", "node-1", ready: false)],
        };
        var text = Text(snapshot, "vmclone/web");
        text.ShouldContain("Scheduled is False, TemplateNotReady");
        text.ShouldContain("VMTemplate base: Node node-1 is Failed, NoSpace: 2 GiB short");
        text.ShouldContain("The daemon on node node-1 is not ready.");
    }

    [Fact]
    public void AMissingTemplateIsNamed() =>
        Text(new Snapshot { Clones = [Cluster.Clone(Cluster.Condition("Ready", "False", "TemplateNotFound"))] }, "web")
            .ShouldContain("There is no VMTemplate 'base' in its namespace.");

    [Fact]
    public void WarningsAboutThePodComeNewestFirstOneOfEachReason()
    {
        var pod = Cluster.Pod();
        pod.Status.Phase = "Pending";
        var snapshot = new Snapshot
        {
            Clones = [Cluster.Clone(Cluster.Condition("Ready", "False", "Starting"))],
            Pods = [pod],
            Events = [Warning("FailedMount", "old", 1), Warning("FailedMount", "of another tenant", 2), Warning("FailedMount", "about another", 3, "other")],
        };
        var text = Text(snapshot, "web");
        text.ShouldContain("FailedMount: of another tenant");
        text.ShouldNotContain("old");
        text.ShouldNotContain("about another");
    }

    [Fact]
    public void APodWithoutANodeSaysWhatTheSchedulerSaid()
    {
        var pod = Cluster.Pod();
        pod.Spec.NodeName = null;
        pod.Status.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/2 nodes" }];
        var snapshot = new Snapshot { Clones = [Cluster.Clone(Cluster.Condition("Scheduled", "False", "Unschedulable"))], Pods = [pod] };
        Text(snapshot, "web").ShouldContain("Pod web-pod has no node (Unschedulable): 0/2 nodes");
    }

    [Fact]
    public void WithoutAnOperatorNothingWouldEverHappen()
    {
        var clone = Cluster.Clone();
        clone.Status = null;
        var snapshot = new Snapshot { Clones = [clone], Installation = [Cluster.Installed("operator", "node-1", ready: false)] };
        Text(snapshot, "web").ShouldContain("No operator is ready.");
    }

    /// <summary>That nobody has looked is said only where nothing says that somebody has.</summary>
    [Theory]
    [InlineData(false, false, "it has not looked at it yet, or could write neither")]
    [InlineData(true, false, "though the operator has looked at it")]
    [InlineData(false, true, "though the operator has looked at it")]
    public void WithoutConditionsItIsSaidWhatIsKnown(bool observed, bool told, string expected)
    {
        var clone = Cluster.Clone();
        clone.Status = observed ? new VMCloneStatus { ObservedGeneration = 1 } : null;
        var snapshot = new Snapshot { Clones = [clone], Events = told ? [StatusNotWritten()] : [] };
        Text(snapshot, "web").ShouldContain(expected);
    }

    [Fact]
    public void WhatIsRefusedOfAReadyCloneIsSaidToo()
    {
        var clone = Cluster.Clone(
            Cluster.Condition("Ready", "True", "Ready"), Cluster.Condition("Reconciled", "False", "ApiRefused", "policy"),
            Cluster.Condition("Accepted", "False", "ChangesIgnored", "put spec.env back"));
        var text = Text(new Snapshot { Clones = [clone] }, "web");
        text.ShouldContain("Reconciled is False, ApiRefused: policy");
        text.ShouldContain("Accepted is False, ChangesIgnored: put spec.env back");
    }

    [Fact]
    public void ABareNameFindsEveryKindAndAnUnknownKindNothing()
    {
        var pool = new VMPool { Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = Cluster.Namespace }, Spec = new VMPoolSpec { Template = "base" } };
        var snapshot = new Snapshot { Clones = [Cluster.Clone()], Pools = [pool] };
        Explainer.Explain(snapshot, Cluster.Namespace, "web").Count.ShouldBe(2);
        Explainer.Explain(snapshot, Cluster.Namespace, "vmp/web").ShouldHaveSingleItem().Subject.ShouldBe("VMPool team-a/web");
        Explainer.Explain(snapshot, Cluster.Namespace, "pod/web").ShouldBeEmpty();
        Explainer.Explain(snapshot, "team-b", "web").ShouldBeEmpty();
    }

    private static Corev1Event StatusNotWritten() => new()
    {
        Type = "Warning",
        Reason = "StatusNotWritten",
        Source = new V1EventSource { Component = "templating-operator" },
        InvolvedObject = new V1ObjectReference { Kind = "VMClone", Name = "web", NamespaceProperty = Cluster.Namespace, Uid = "clone-uid" },
    };

    private static Corev1Event Warning(string reason, string message, int minute, string pod = "web-pod") => new()
    {
        Type = "Warning",
        Reason = reason,
        Message = message,
        LastTimestamp = new DateTime(2026, 1, 1, 0, minute, 0, DateTimeKind.Utc),
        InvolvedObject = new V1ObjectReference { Kind = "Pod", Name = pod, NamespaceProperty = Cluster.Namespace },
    };

    private static string Text(Snapshot snapshot, string name) =>
        ExplanationText.Of(Explainer.Explain(snapshot, Cluster.Namespace, name).ShouldHaveSingleItem());
}

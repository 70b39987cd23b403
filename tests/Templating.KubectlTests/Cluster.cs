using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.KubectlTests;

/// <summary>Objects as a cluster would have them.</summary>
internal static class Cluster
{
    public const string Namespace = "team-a";

    public static V1Condition Condition(string type, string status, string reason, string message = "because") =>
        new() { Type = type, Status = status, Reason = reason, Message = message };

    public static VMClone Clone(params V1Condition[] conditions) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = Namespace, Uid = "clone-uid" },
        Spec = new VMCloneSpec { Template = "base" },
        Status = new VMCloneStatus { Conditions = [.. conditions] },
    };

    public static VMTemplate Template(params VMTemplateNode[] nodes) => new()
    {
        Metadata = new V1ObjectMeta { Name = "base", NamespaceProperty = Namespace },
        Status = new VMTemplateStatus
        {
            Summary = $"{nodes.Count(n => n.State == "Ready")}/{nodes.Length}",
            Nodes = [.. nodes],
            Conditions = [Condition("Ready", nodes.Any(n => n.State == "Ready") ? "True" : "False", "Building")],
        },
    };

    public static V1Pod Pod(string name = "web-pod") => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = Namespace,
            Uid = name,
            Labels = new Dictionary<string, string> { [Keys.CloneLabel] = "clone-uid", [Keys.TemplateLabel] = "base" },
        },
        Spec = new V1PodSpec { NodeName = "node-1" },
        Status = new V1PodStatus { Phase = "Running" },
    };

    public static V1Pod Installed(string component, string node, bool ready) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = component,
            NamespaceProperty = "templating-system",
            Labels = new Dictionary<string, string> { ["app.kubernetes.io/component"] = component },
        },
        Spec = new V1PodSpec { NodeName = node },
        Status = new V1PodStatus { Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }] },
    };
}

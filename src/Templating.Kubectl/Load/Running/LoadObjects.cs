using k8s.Models;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Load.Running;

/// <summary>What a load test creates.</summary>
internal static class LoadObjects
{
    public static string Selector(string run) => $"{Keys.LoadLabel}={run}";

    public static VMClone Clone(Subject subject, string name, string run, HttpGoal? http) => new()
    {
        Metadata = Metadata(name, run),
        Spec = new VMCloneSpec
        {
            Pool = subject.Pool,
            Template = subject.Template,
            Ports = http is null ? null : [new VMPort { GuestPort = http.GuestPort ?? http.Port, Port = http.Port }],
        },
    };

    /// <summary>As restricted as a VM pod: only what is compared shall differ.</summary>
    public static V1Pod Pod(Subject subject, string name, string run) => new()
    {
        ApiVersion = V1Pod.KubeApiVersion,
        Kind = V1Pod.KubeKind,
        Metadata = Metadata(name, run),
        Spec = new V1PodSpec
        {
            RuntimeClassName = subject.RuntimeClass,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            RestartPolicy = RestartPolicies.Never,
            // With 0 the API server forgets it before its kubelet has ended it.
            TerminationGracePeriodSeconds = 1,
            SecurityContext = RestrictedPods.Pod(),
            Containers =
            [
                new V1Container
                {
                    Name = "main",
                    Image = subject.Image,
                    Command = subject.Command is { } words ? [.. words] : null,
                    ImagePullPolicy = "IfNotPresent",
                    SecurityContext = RestrictedPods.Container(),
                },
            ],
        },
    };

    private static V1ObjectMeta Metadata(string name, string run) =>
        new() { Name = name, Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.LoadLabel] = run } };
}

using System.Globalization;
using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Kubernetes;

namespace Templating.Operator.Pods;

/// <summary>
/// Makes the pod around a waiting VM. It passes the restricted Pod Security level, and holds nothing that a VM pod written
/// by hand could not have. Pure: what is wrong with a user's part was refused before (<c>PodTemplateRules</c>).
/// </summary>
internal sealed class PodBuilder(IOptions<PodOptions> options)
{
    /// <summary>For the pod's process to end what is left when the guest had its time.</summary>
    private const int EndSeconds = 5;

    private const string VolumeFolder = "/run/templating";

    private static readonly Dictionary<string, string> None = new(StringComparer.Ordinal);

    public V1Pod Build(PodPlan plan) => new()
    {
        ApiVersion = V1Pod.KubeApiVersion,
        Kind = V1Pod.KubeKind,
        Metadata = new V1ObjectMeta
        {
            Name = plan.Name,
            GenerateName = plan.GenerateName,
            NamespaceProperty = plan.Template.Metadata.NamespaceProperty,
            Labels = Labels(plan),
            Annotations = Merge(plan.Pod?.Annotations, plan.Annotations),
            OwnerReferences = [plan.Owner],
        },
        Spec = Spec(plan),
    };

    /// <summary>The controller of a VM pod. It may go before the pod does.</summary>
    public static V1OwnerReference Owner(string kind, V1ObjectMeta owner) => new()
    {
        ApiVersion = Group.ApiVersion,
        Kind = kind,
        Name = owner.Name,
        Uid = owner.Uid,
        Controller = true,
        BlockOwnerDeletion = false,
    };

    private static Dictionary<string, string> Labels(PodPlan plan)
    {
        var labels = Merge(plan.Pod?.Labels, plan.Labels);
        labels[Keys.NameLabel] = Keys.Container;
        labels[Keys.ManagedByLabel] = Keys.Manager;
        labels[Keys.TemplateLabel] = plan.Template.Metadata.Name;
        labels[Keys.RevisionLabel] = plan.Revision;
        labels[Keys.ActivationLabel] = Keys.ActivatedByPool;
        return labels;
    }

    private V1PodSpec Spec(PodPlan plan) => new()
    {
        AutomountServiceAccountToken = false,
        EnableServiceLinks = false,
        RestartPolicy = RestartPolicies.Never,
        TerminationGracePeriodSeconds = Grace(plan) + EndSeconds,
        NodeSelector = plan.Pod?.NodeSelector,
        Tolerations = plan.Pod?.Tolerations,
        PriorityClassName = plan.Pod?.PriorityClassName,
        Affinity = PodAffinity.Of(plan),
        TopologySpreadConstraints = PodSpread.Of(plan),
        SchedulerName = plan.Pod?.SchedulerName,
        ImagePullSecrets = plan.Pod?.ImagePullSecrets,
        DnsPolicy = plan.Pod?.DnsPolicy,
        DnsConfig = plan.Pod?.DnsConfig,
        SecurityContext = RestrictedPods.Pod(),
        Containers = [Container(plan)],
        Volumes =
        [
            new V1Volume
            {
                Name = "vm",
                Csi = new V1CSIVolumeSource
                {
                    Driver = Keys.Driver,
                    VolumeAttributes = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        [Keys.TemplateAttribute] = plan.Template.Metadata.Name,
                        [Keys.RevisionAttribute] = plan.Revision,
                    },
                },
            },
            InMemory("run", "64Mi"),
            InMemory("tmp", "16Mi"),
        ],
    };

    private V1Container Container(PodPlan plan) => new()
    {
        Name = Keys.Container,
        Image = options.Value.Image,
        ImagePullPolicy = options.Value.ImagePullPolicy,
        Args = ["pod", "--wait", "--volume", VolumeFolder, "--grace", string.Create(CultureInfo.InvariantCulture, $"{Grace(plan)}s")],
        Env =
        [
            Downward("POD_NAME", "metadata.name"),
            Downward("POD_NAMESPACE", "metadata.namespace"),
            Downward("POD_UID", "metadata.uid"),
            Downward("POD_IP", "status.podIP"),
        ],
        Ports = plan.Ports.Count == 0 ? null : [.. plan.Ports.Select(p => new V1ContainerPort
        {
            Name = p.Name,
            ContainerPort = p.Port ?? p.GuestPort,
            Protocol = "TCP",
        })],
        Resources = PodResources.Of(plan.Template.Spec.Machine, plan.Pod?.Resources, (long)options.Value.OverheadMiB << 20),
        SecurityContext = RestrictedPods.Container(),
        ReadinessProbe = new V1Probe
        {
            Exec = new V1ExecAction { Command = ["templating", "pod", "ready"] },
            PeriodSeconds = 2,
            TimeoutSeconds = 5,
        },
        TerminationMessagePath = "/dev/termination-log",
        TerminationMessagePolicy = "File",
        VolumeMounts =
        [
            new V1VolumeMount { Name = "vm", MountPath = VolumeFolder },
            new V1VolumeMount { Name = "run", MountPath = "/run/vm" },
            new V1VolumeMount { Name = "tmp", MountPath = "/tmp" },
        ],
    };

    private static long Grace(PodPlan plan) => plan.Pod?.TerminationGracePeriodSeconds ?? Defaults.GraceSeconds;

    private static V1EnvVar Downward(string name, string field) =>
        new() { Name = name, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = field } } };

    private static V1Volume InMemory(string name, string limit) =>
        new() { Name = name, EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = new ResourceQuantity(limit) } };

    /// <summary>Labels or annotations of both; where both have one, the later counts.</summary>
    public static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string>? earlier, IReadOnlyDictionary<string, string>? later)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in (earlier ?? None).Concat(later ?? None))
        {
            all[key] = value;
        }

        return all;
    }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using k8s;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Schemas;

namespace Templating.Kubernetes.Resources;

/// <summary>VM pods that wait paused at a template's frozen moment.</summary>
[KubernetesEntity(Group = Kubernetes.Group.Name, ApiVersion = Kubernetes.Group.Version, Kind = KubeKind, PluralName = Plural)]
public sealed class VMPool : IKubernetesObject<V1ObjectMeta>, ISpec<VMPoolSpec>, IStatus<VMPoolStatus?>
{
    public const string KubeKind = "VMPool";

    public const string Plural = "vmpools";

    public string ApiVersion { get; set; } = Kubernetes.Group.ApiVersion;

    public string Kind { get; set; } = KubeKind;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    public VMPoolSpec Spec { get; set; } = new();

    public VMPoolStatus? Status { get; set; }
}

[Cel("self.template == oldSelf.template", "template is immutable: make another pool")]
public sealed class VMPoolSpec
{
    [Required, RegularExpression(Patterns.Label), StringLength(NodeTemplates.MaxName), Description("The VMTemplate's name.")]
    public string Template { get; set; } = "";

    [Range(0, 10_000), DefaultValue(1), Description("VMs to keep waiting.")]
    public int? Replicas { get; set; }

    [AllowedText(UpdateStrategies.Replace, UpdateStrategies.OnUse), DefaultValue(UpdateStrategies.Replace), Description("What happens to waiting VMs of an older revision: Replace them now, or leave them until they are used (OnUse).")]
    public string? UpdateStrategy { get; set; }

    [Description("Of the pods that are made.")]
    public VMPodTemplate? Pod { get; set; }
}

public sealed class VMPoolStatus
{
    public long? ObservedGeneration { get; set; }

    [Description("VMs of this pool that nobody claimed.")]
    public int? Replicas { get; set; }

    [Description("Of these, the ones that wait paused and can be claimed now.")]
    public int? ReadyReplicas { get; set; }

    [Description("Of these, the ones that are being scheduled or started.")]
    public int? StartingReplicas { get; set; }

    [Description("Of these, the ones of the present revision and of the present spec.pod.")]
    public int? UpdatedReplicas { get; set; }

    [Description("VMs of this pool that VMClones have now.")]
    public int? ClaimedReplicas { get; set; }

    [Description("Label selector of the pool's pods, as text: for kubectl scale and an HPA.")]
    public string? Selector { get; set; }

    [Description("The template's revision the pool goes for.")]
    public string? Revision { get; set; }

    public List<V1Condition>? Conditions { get; set; }
}

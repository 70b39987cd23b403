using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Schemas;

namespace Templating.Kubernetes.Resources;

/// <summary>What the pod around a clone has beside the VM.</summary>
public sealed record VMPodTemplate
{
    [MaxEntries(64)]
    public Dictionary<string, string>? Labels { get; set; }

    [MaxEntries(64)]
    public Dictionary<string, string>? Annotations { get; set; }

    [Description("Requests and limits of the VM's container; unset means what the machine needs (docs/kubernetes/pools-and-clones.md).")]
    public VMPodResources? Resources { get; set; }

    [MaxEntries(32)]
    public Dictionary<string, string>? NodeSelector { get; set; }

    [Description("As of any pod; that the node has the template's revision is required beside it.")]
    public V1Affinity? Affinity { get; set; }

    [MaxEntries(32)]
    public List<V1Toleration>? Tolerations { get; set; }

    [MaxEntries(16), Description("As of any pod. Unset, waiting VMs of a pool go to different nodes where they can.")]
    public List<V1TopologySpreadConstraint>? TopologySpreadConstraints { get; set; }

    [StringLength(Patterns.MaxSubdomain), RegularExpression(Patterns.Subdomain)]
    public string? PriorityClassName { get; set; }

    [StringLength(Patterns.MaxSubdomain), RegularExpression(Patterns.Subdomain), Description("default-scheduler where unset.")]
    public string? SchedulerName { get; set; }

    [MaxEntries(16), Description("Secrets of the namespace for the image of VM pods.")]
    public List<V1LocalObjectReference>? ImagePullSecrets { get; set; }

    [AllowedText("ClusterFirst", "Default", "None"), Description("Of the pod, whose DNS an outbound guest has; ClusterFirst where unset. None needs dnsConfig.")]
    public string? DnsPolicy { get; set; }

    public V1PodDNSConfig? DnsConfig { get; set; }

    [Range(0, 600), DefaultValue(Defaults.GraceSeconds), Description("For the guest to power off when the pod is deleted.")]
    public long? TerminationGracePeriodSeconds { get; set; }
}

public sealed record VMPodResources
{
    [MaxEntries(16)]
    public Dictionary<string, ResourceQuantity>? Requests { get; set; }

    [MaxEntries(16)]
    public Dictionary<string, ResourceQuantity>? Limits { get; set; }
}

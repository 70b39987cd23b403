using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using k8s;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Schemas;

namespace Templating.Kubernetes.Resources;

/// <summary>A template: what is booted and frozen, on which nodes; per node what became of it.</summary>
[KubernetesEntity(Group = Kubernetes.Group.Name, ApiVersion = Kubernetes.Group.Version, Kind = KubeKind, PluralName = Plural)]
public sealed class VMTemplate : IKubernetesObject<V1ObjectMeta>, ISpec<VMTemplateSpec>, IStatus<VMTemplateStatus?>
{
    public const string KubeKind = "VMTemplate";

    public const string Plural = "vmtemplates";

    public string ApiVersion { get; set; } = Kubernetes.Group.ApiVersion;

    public string Kind { get; set; } = KubeKind;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    public VMTemplateSpec Spec { get; set; } = new();

    public VMTemplateStatus? Status { get; set; }
}

public sealed class VMTemplateSpec
{
    [Required, Description("What the VM boots.")]
    public VMGuest Guest { get; set; } = new();

    [Description("The machine; a clone has the same.")]
    public VMMachine? Machine { get; set; }

    [Description("The guest's network; clones have the same, and the ports they expose.")]
    public VMNetwork? Network { get; set; }

    [Description("When the template is ready to be frozen.")]
    public VMReadiness? Readiness { get; set; }

    // No default in the schema: what the server fills in would count in a template's revision.
    [Description("Whether it is for pods of the RuntimeClass, and other clones with an owner: they get their network card, images, memory and vCPUs while they run. Of no use to VM pods, for it has no network card. Unset means false.")]
    public bool? Sandbox { get; set; }

    [MaxEntries(32), Description("Nodes to build it on; empty means every node that runs the daemon.")]
    public Dictionary<string, string>? NodeSelector { get; set; }

    [Range(0, 100), DefaultValue(Defaults.HistoryLimit), Description("Older revisions to keep on a node beside the current one.")]
    public int? RevisionHistoryLimit { get; set; }
}

public sealed class VMGuest
{
    [Required, Description("The Linux kernel: an uncompressed vmlinux with a PVH entry, or a bzImage.")]
    public VMFileSource Kernel { get; set; } = new();

    [Description("The initial RAM disk.")]
    public VMFileSource? Initrd { get; set; }

    [MaxEntries(SourceRules.MaxImages), Description("Read-only NVDIMMs in the guest's order (pmem0, pmem1, ...); each a multiple of 2 MiB.")]
    public List<VMFileSource>? Images { get; set; }

    [StringLength(CommandLineRules.MaxBytes), RegularExpression(CommandLineRules.Pattern), Description("The kernel's command line: printable ASCII.")]
    public string? CommandLine { get; set; }
}

/// <summary>Exactly one of path and url.</summary>
[ExactlyOneOf("path", "url")]
public sealed class VMFileSource
{
    [StringLength(SourceRules.MaxPathBytes), RegularExpression(SourceRules.PathPattern), Description("Absolute path in a guest folder of the node, in its shortest form.")]
    public string? Path { get; set; }

    [StringLength(SourceRules.MaxUrl), RegularExpression(SourceRules.UrlPattern), Description("Where the node fetches it from; needs sha256 and a host the node allows.")]
    public string? Url { get; set; }

    [RegularExpression(SourceRules.Sha256Pattern), Description("What its bytes hash to.")]
    public string? Sha256 { get; set; }
}

public sealed class VMMachine
{
    [Range(1, CpuRules.MaxVcpus), DefaultValue(CpuRules.DefaultVcpus)]
    public int? Vcpus { get; set; }

    [Description("RAM; " + MemoryRules.Description + ".")]
    public ResourceQuantity? Memory { get; set; }

    [Range(1, CpuRules.MaxVcpus), Description("vCPUs it may grow to; unset means vcpus.")]
    public int? MaxVcpus { get; set; }

    [Description("RAM it may grow to; unset means memory.")]
    public ResourceQuantity? MaxMemory { get; set; }

    [StringLength(MachineTypeRules.MaxLength), RegularExpression(MachineTypeRules.Pattern), Description("A q35 machine type of QEMU, such as pc-q35-10.0; q35 where unset.")]
    public string? Type { get; set; }

    [StringLength(CpuRules.MaxModel), RegularExpression(CpuRules.ModelPattern), Description("A CPU model of QEMU, without feature flags; the best the accelerator has where unset.")]
    public string? CpuModel { get; set; }

    [AllowedText("kvm", "tcg"), Description("Unset means kvm where it was seen to work, else tcg.")]
    public string? Accelerator { get; set; }
}

public sealed class VMNetwork
{
    [DefaultValue(false), Description("Whether the guest may open connections outwards, through its pod's network.")]
    public bool? Outbound { get; set; }
}

public sealed class VMReadiness
{
    [Range(Timeouts.LeastSeconds, Timeouts.MostReadinessSeconds), DefaultValue(Timeouts.ReadinessSeconds), Description("For the guest's agent to answer, the boot and the warm-up to end, together.")]
    public int? TimeoutSeconds { get; set; }

    // No default in the schema: what the server fills in would count in a template's revision.
    [Description("Whether a guest that runs systemd is to have booted before the warm-up: it is running or, which is accepted, degraded. Of other guests nothing but their agent is waited for. Unset means true.")]
    public bool? WaitForBoot { get; set; }

    [MaxEntries(WarmUpRules.MaxCommands), Description("Run in the guest, in order, before it is frozen; each must exit with 0. At most 16Ki of arguments each and 96Ki in all.")]
    public List<VMCommand>? WarmUp { get; set; }
}

public sealed class VMCommand
{
    [Required, MinEntries(1), MaxEntries(WarmUpRules.MaxArguments), RegularExpression(Patterns.NoNul)]
    public List<string> Command { get; set; } = [];
}

public sealed class VMTemplateStatus
{
    public long? ObservedGeneration { get; set; }

    [Description("The revision of the present spec.")]
    public string? Revision { get; set; }

    [Description("Nodes where the present revision is ready.")]
    public int? ReadyNodes { get; set; }

    [Description("Nodes it is to be built on.")]
    public int? DesiredNodes { get; set; }

    [Description("ready/desired, for people.")]
    public string? Summary { get; set; }

    public List<VMTemplateNode>? Nodes { get; set; }

    public List<V1Condition>? Conditions { get; set; }
}

/// <summary>What one node has of a template.</summary>
public sealed class VMTemplateNode
{
    public string Name { get; set; } = "";

    [Description("The revision it is about.")]
    public string? Revision { get; set; }

    [Description("The digest of the revision's manifest on that node.")]
    public string? Digest { get; set; }

    [AllowedText("templating", "qemu"), Description("The agent that its guest has there; with qemu alone (qemu-guest-agent) clones start slower, see docs/guest-image.md.")]
    public string? Agent { get; set; }

    [Description("Disk it takes there.")]
    public long? SizeBytes { get; set; }

    [AllowedText(NodeStates.Ready, NodeStates.Building, NodeStates.Failed, NodeStates.Unreachable), Description("Ready, Building, Failed or Unreachable.")]
    public string State { get; set; } = "";

    [Description("A documented reason.")]
    public string? Reason { get; set; }

    public string? Message { get; set; }

    [Description("Older revisions that are still there.")]
    public List<string>? OlderRevisions { get; set; }

    public DateTime? LastTransitionTime { get; set; }
}

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using k8s;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes.Schemas;

namespace Templating.Kubernetes.Resources;

/// <summary>One VM: taken from a pool, or started cold.</summary>
[KubernetesEntity(Group = Kubernetes.Group.Name, ApiVersion = Kubernetes.Group.Version, Kind = KubeKind, PluralName = Plural)]
[GivenAtStart("pod", "podUid")]
[GivenAtStart("env", "readyTime")]
[GivenAtStart("userData", "readyTime")]
[GivenAtStart("files", "readyTime")]
[GivenAtStart("ports", "readyTime")]
[GivenAtStart("identityTimeoutSeconds", "readyTime")]
[FixedAtEnd("restartPolicy")]
[FixedAtEnd("shutdownTime")]
[FixedAtEnd("ttlSeconds")]
public sealed class VMClone : IKubernetesObject<V1ObjectMeta>, ISpec<VMCloneSpec>, IStatus<VMCloneStatus?>
{
    public const string KubeKind = "VMClone";

    public const string Plural = "vmclones";

    public string ApiVersion { get; set; } = Kubernetes.Group.ApiVersion;

    public string Kind { get; set; } = KubeKind;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    public VMCloneSpec Spec { get; set; } = new();

    public VMCloneStatus? Status { get; set; }
}

/// <summary>
/// Exactly one of template and pool; these and the hostname never change. What a VM is given at its start
/// (<see cref="GivenAtStartAttribute"/>) may change for the next one.
/// </summary>
[ExactlyOneOf("template", "pool")]
[Cel("has(self.template) == has(oldSelf.template) && (!has(self.template) || self.template == oldSelf.template)", "template is immutable")]
[Cel("has(self.pool) == has(oldSelf.pool) && (!has(self.pool) || self.pool == oldSelf.pool)", "pool is immutable")]
[Cel("has(self.hostname) == has(oldSelf.hostname) && (!has(self.hostname) || self.hostname == oldSelf.hostname)", "hostname is immutable")]
public sealed class VMCloneSpec
{
    [RegularExpression(Patterns.Label), StringLength(NodeTemplates.MaxName), Description("A VMTemplate: the VM starts cold.")]
    public string? Template { get; set; }

    [RegularExpression(Patterns.Label), StringLength(Labels.MaxLength), Description("A VMPool: the VM is one that waits there, or starts cold when none does.")]
    public string? Pool { get; set; }

    [RegularExpression(HostnameRules.Pattern), StringLength(HostnameRules.MaxLength), Description("The guest's host name, labels with dots between; the VMClone's name where unset.")]
    public string? Hostname { get; set; }

    [MaxEntries(EnvironmentRules.MaxEntries), Description("The guest's environment: /run/templating/env. 64Ki in all, two bytes a variable for its separators.")]
    public List<VMEnvironmentVariable>? Env { get; set; }

    [Description("At most 64Ki: /run/templating/user-data in the guest.")]
    public VMValueSource? UserData { get; set; }

    [MaxEntries(GuestFileRules.MaxCount), Description("Files in the guest before it is ready; 512Ki in all.")]
    public List<VMFile>? Files { get; set; }

    [MaxEntries(ForwardRules.MaxCount), Description("Ports of the pod's IP that lead to the guest.")]
    public List<VMPort>? Ports { get; set; }

    [Description("Of the pod; with a pool, only labels and annotations can still be given.")]
    public VMPodTemplate? Pod { get; set; }

    [Range(0, 31_536_000), Description("Delete the VMClone so long after it finished; unset means never.")]
    public int? TtlSecondsAfterFinished { get; set; }

    [Range(1, 31_536_000), Description("Shut the guest down so long after the VMClone's creation, and finish; with shutdownTime, whichever comes first.")]
    public int? TtlSeconds { get; set; }

    [Description("Shut the guest down at that time, and finish.")]
    public DateTime? ShutdownTime { get; set; }

    [AllowedText(RestartPolicies.Never, RestartPolicies.OnFailure, RestartPolicies.Always), DefaultValue(RestartPolicies.Never), Description("Whether a new VM is made in the place of one that ended: of one that failed (OnFailure), or of any (Always).")]
    public string? RestartPolicy { get; set; }

    [Range(Timeouts.LeastSeconds, Timeouts.MostIdentitySeconds), DefaultValue(Timeouts.IdentitySeconds), Description("For the guest to confirm its identity.")]
    public int? IdentityTimeoutSeconds { get; set; }
}

[AtMostOneOf("value", "secretKeyRef", "configMapKeyRef")]
public class VMValueSource
{
    [StringLength(UserDataRules.MaxBytes)]
    public virtual string? Value { get; set; }

    public VMKeyReference? SecretKeyRef { get; set; }

    public VMKeyReference? ConfigMapKeyRef { get; set; }
}

public sealed class VMEnvironmentVariable : VMValueSource
{
    [Required, StringLength(EnvironmentRules.MaxName), RegularExpression(EnvironmentRules.NamePattern)]
    public string Name { get; set; } = "";

    [StringLength(EnvironmentRules.MaxBytes), RegularExpression(Patterns.NoNul)]
    public override string? Value { get; set; }
}

public sealed class VMFile : VMValueSource
{
    [StringLength(GuestFileRules.MaxBytes)]
    public override string? Value { get; set; }

    [Required, StringLength(GuestFileRules.MaxPathBytes), RegularExpression(GuestFileRules.PathPattern), Description("Absolute path in the guest, in its shortest form.")]
    public string Path { get; set; } = "";

    [Range(0, GuestFileRules.MaxMode), Description("Permission bits, decimal (384 is 0600, 0 is none); 384 where unset.")]
    public int? Mode { get; set; }
}

/// <summary>A key of a Secret or ConfigMap of the same namespace.</summary>
public sealed class VMKeyReference
{
    [Required, StringLength(Patterns.MaxSubdomain), RegularExpression(Patterns.Subdomain)]
    public string Name { get; set; } = "";

    [Required, StringLength(253), RegularExpression("^[-._a-zA-Z0-9]+$")]
    public string Key { get; set; } = "";

    [Description("Whether the VM starts without it when it is missing.")]
    public bool? Optional { get; set; }
}

public sealed class VMPort
{
    [StringLength(15), RegularExpression(Patterns.Label)]
    public string? Name { get; set; }

    [Range(1, ForwardRules.MaxPort), Required, Description("The guest's TCP port.")]
    public int GuestPort { get; set; }

    [Range(ForwardRules.LeastUnprivileged, ForwardRules.MaxPort), Description("The pod's port; guestPort where that is 1024 or more, else it must be given.")]
    public int? Port { get; set; }
}

public sealed class VMCloneStatus
{
    public long? ObservedGeneration { get; set; }

    public string? PodName { get; set; }

    public string? PodUid { get; set; }

    public string? NodeName { get; set; }

    [Description("The pod's.")]
    public string? Ip { get; set; }

    public string? Revision { get; set; }

    [AllowedText(StartKinds.Warm, StartKinds.Cold), Description("Warm: taken from a pool. Cold: its pod was made for it.")]
    public string? Start { get; set; }

    public string? Hostname { get; set; }

    public string? MachineId { get; set; }

    [Description("Created to ready, in seconds.")]
    public double? StartSeconds { get; set; }

    public List<VMPhaseTime>? Phases { get; set; }

    [Description("VMs made in the place of one that ended.")]
    public int? Restarts { get; set; }

    [Description("Digests of what of the spec its VM has, by the names of the fields.")]
    public Dictionary<string, string>? Given { get; set; }

    public DateTime? ReadyTime { get; set; }

    public DateTime? FinishTime { get; set; }

    public List<V1Condition>? Conditions { get; set; }
}

public sealed class VMPhaseTime
{
    public string Name { get; set; } = "";

    public double Seconds { get; set; }
}

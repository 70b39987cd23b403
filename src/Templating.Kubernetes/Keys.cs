namespace Templating.Kubernetes;

/// <summary>Labels, annotations, finalizers and volume attributes. Part of the contract with users and with nodes.</summary>
public static class Keys
{
    /// <summary>The CSI driver and the device plugin's vendor.</summary>
    public const string Driver = "templating.dev";

    /// <summary>Device plugin resource of nodes where KVM works.</summary>
    public const string KvmResource = "templating.dev/kvm";

    /// <summary>On VM pods: the VMTemplate's name.</summary>
    public const string TemplateLabel = "templating.dev/template";

    /// <summary>On VM pods: the revision (<see cref="Revisions"/>) they were made for.</summary>
    public const string RevisionLabel = "templating.dev/revision";

    /// <summary>On VM pods: the VMPool they were made for; stays when they are claimed.</summary>
    public const string PoolLabel = "templating.dev/pool";

    /// <summary>On VM pods: the uid of the VMClone that has them. A pool's member that has it is claimed.</summary>
    public const string CloneLabel = "templating.dev/clone";

    /// <summary>On VM pods that wait for an activation (<see cref="ActivatedByPool"/>) or start by themselves (<c>self</c>).</summary>
    public const string ActivationLabel = "templating.dev/activation";

    public const string ActivatedByPool = "pool";

    /// <summary>On what a load test made: the test's run.</summary>
    public const string LoadLabel = "templating.dev/load";

    /// <summary>Kubernetes' recommended label; VM pods have <see cref="Container"/> there.</summary>
    public const string NameLabel = "app.kubernetes.io/name";

    /// <summary>Kubernetes' recommended label; VM pods that the operator made have <see cref="Manager"/> there.</summary>
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    public const string Manager = "templating";

    /// <summary>On VM pods of VMClones, an annotation: which of the VMs it is that were made for it one after the other, from 0.</summary>
    public const string RestartAnnotation = "templating.dev/restart";

    /// <summary>On VM pods that were made although VMs waited, an annotation: what refused to let one be taken, in the server's words.</summary>
    public const string ClaimRefusedAnnotation = "templating.dev/claim-refused";

    /// <summary>On a pool's VM pods, an annotation: the digest of the <c>spec.pod</c> they were made of.</summary>
    public const string PodSpecAnnotation = "templating.dev/pod-spec";

    /// <summary>On VMTemplates: their files on nodes have to go first.</summary>
    public const string TemplateFinalizer = "templating.dev/node-files";

    /// <summary>Names the VM container.</summary>
    public const string Container = "vm";

    /// <summary>Volume attributes of the CSI driver.</summary>
    public const string TemplateAttribute = "template";

    /// <summary>Optional: without it the volume has the newest revision of this node.</summary>
    public const string RevisionAttribute = "revision";

    /// <summary>What every <see cref="NodeLabel"/> ends with.</summary>
    public const string NodeLabelSuffix = $".{Driver}/revision";

    /// <summary>
    /// On nodes: the revision of a VMTemplate that is ready there. A VM pod's node selector or affinity asks for it. While the
    /// node's daemon is away it is an annotation instead.
    /// </summary>
    public static string NodeLabel(string @namespace, string template) => $"{template}.{@namespace}{NodeLabelSuffix}";

    /// <summary>Selects the VM pods of a VMPool that nobody claimed.</summary>
    public static string UnclaimedSelector(string pool) => $"{PoolLabel}={pool},!{CloneLabel}";
}

using Google.Protobuf.Collections;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Csi.V1;
using Templating.Node.Kubernetes.Volumes;

namespace Templating.Node.Kubernetes;

/// <summary>
/// Reads what a kubelet asks for. The pod's own words are the attributes without a prefix; those below
/// <c>csi.storage.k8s.io/</c> are the kubelet's, which overwrites what a pod says there.
/// </summary>
internal static class VolumeReader
{
    private const string Kubelet = "csi.storage.k8s.io/";
    private const string Template = "template";
    private const string Revision = "revision";
    private const string Namespace = "namespace";

    /// <exception cref="TemplatingException">InvalidArgument with all faults. PermissionDenied: it names another namespace.</exception>
    public static PublishVolume Read(NodePublishVolumeRequest request)
    {
        var faults = new Faults();
        var context = request.VolumeContext;
        // Absent where the CSIDriver object has Ephemeral alone (before 1.19 its only mode); a volume of another kind says "false".
        faults.Require(
            Get(context, Kubelet + "ephemeral") is "" or "true",
            "volume_context[csi.storage.k8s.io/ephemeral]", "Only inline volumes are served; write the volume into the pod, without a claim.");
        faults.Require(
            request.VolumeCapability?.AccessTypeCase != VolumeCapability.AccessTypeOneofCase.Block,
            "volume_capability", "Block volumes are not served; leave volumeMode out.");
        faults.Require(!request.Readonly, "readonly", "The volume has a socket that the pod makes: mount it writable; its files are read-only all the same.");
        faults.Require(context.ContainsKey(Template), "volume_context[template]", "It is missing: volumeAttributes must name a VMTemplate of the pod's namespace.");
        foreach (var key in context.Keys.Where(key => !key.StartsWith(Kubelet, StringComparison.Ordinal) && key is not (Template or Revision or Namespace)))
        {
            faults.Add("volume_context", $"{Quote.Text(key)} is not an attribute; there are template and revision.");
        }

        faults.ThrowIfAny();
        var tenant = Get(context, Kubelet + "pod.namespace");
        if (context.TryGetValue(Namespace, out var wanted) && !string.Equals(wanted, tenant, StringComparison.Ordinal))
        {
            throw new TemplatingException(
                ErrorCode.PermissionDenied,
                $"A pod of namespace {Quote.Text(tenant)} cannot have a template of namespace {Quote.Text(wanted)}: templates are their namespace's own.");
        }

        return new PublishVolume
        {
            Id = request.VolumeId,
            TargetPath = request.TargetPath,
            Tenant = tenant,
            PodName = Get(context, Kubelet + "pod.name"),
            PodUid = Get(context, Kubelet + "pod.uid"),
            Template = Get(context, Template),
            Revision = Get(context, Revision) is { Length: > 0 } revision ? revision : null,
        };
    }

    private static string Get(MapField<string, string> context, string key) => context.TryGetValue(key, out var value) ? value : "";
}

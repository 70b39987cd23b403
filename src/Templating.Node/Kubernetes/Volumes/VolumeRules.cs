using Templating.Contract;
using Templating.Core.Errors;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>What a volume may ask for; all faults are told together.</summary>
internal static class VolumeRules
{
    // A kubelet's have 68; with what is added it must be a file's name.
    private const int MaxId = 128;

    private const int MaxName = 253;

    // A kubelet's own paths are below 300 bytes.
    private const int MaxPath = 1024;

    public static void Check(PublishVolume volume, string targetRoot)
    {
        var faults = new List<FieldViolation>();
        faults.AddRange(Targets(volume.Id, volume.TargetPath, targetRoot));
        Require(Labels.Check("volume_context[csi.storage.k8s.io/pod.namespace]", volume.Tenant));
        Require(Labels.Check("volume_context[template]", volume.Template));
        if (volume.Revision is not null && !NodeTemplates.IsRevision(volume.Revision))
        {
            faults.Add(new FieldViolation(
                "volume_context[revision]", $"{Quote.Text(volume.Revision)} is not a revision: use the {NodeTemplates.RevisionLength} hex digits of the VMTemplate's status, or leave it out for the newest."));
        }

        if (!IsName(volume.PodName, MaxName) || !IsName(volume.PodUid, MaxId))
        {
            faults.Add(new FieldViolation("volume_context", "It does not tell the pod; the CSIDriver object needs podInfoOnMount: true."));
        }

        Throw(faults);

        void Require(FieldViolation? fault)
        {
            if (fault is not null)
            {
                faults.Add(fault);
            }
        }
    }

    public static void Check(string id, string targetPath, string targetRoot) => Throw([.. Targets(id, targetPath, targetRoot)]);

    private static void Throw(List<FieldViolation> faults)
    {
        if (faults.Count > 0)
        {
            throw new TemplatingException(faults);
        }
    }

    private static IEnumerable<FieldViolation> Targets(string id, string targetPath, string targetRoot)
    {
        if (!IsName(id, MaxId))
        {
            yield return new FieldViolation("volume_id", $"{Quote.Text(id)} is not an id: use 1 to {MaxId} of A-Z, a-z, 0-9, '.', '_' and '-', no '.' first.");
        }

        if (targetPath.Length > MaxPath || targetPath.Any(char.IsControl) || !Path.IsPathFullyQualified(targetPath)
            || !string.Equals(Path.GetFullPath(targetPath), targetPath, StringComparison.Ordinal) || targetPath.EndsWith('/')
            || !targetPath.StartsWith(targetRoot + "/", StringComparison.Ordinal))
        {
            yield return new FieldViolation("target_path", $"{Quote.Text(targetPath)} is not a path in its shortest form below {targetRoot}.");
        }
    }

    /// <summary>An id is a file's name too.</summary>
    private static bool IsName(string text, int maxLength) => text.Length > 0 && text.Length <= maxLength && text[0] != '.' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}

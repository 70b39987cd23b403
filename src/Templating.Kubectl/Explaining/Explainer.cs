using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Explaining;

/// <summary>Why something is not ready: from what the cluster has to sentences. Pure.</summary>
internal static class Explainer
{
    /// <param name="name">kind/name, or a bare name: then all three kinds that have it.</param>
    public static IReadOnlyList<Explanation> Explain(Snapshot snapshot, string @namespace, string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var kind = slash < 0 ? null : Kind(name[..slash]);
        if (slash >= 0 && kind is null)
        {
            return [];
        }

        var bare = name[(slash + 1)..];
        bool IsIt(k8s.Models.V1ObjectMeta metadata) => metadata.NamespaceProperty == @namespace && metadata.Name == bare;
        var found = new List<Explanation>();
        if (kind is null or "vmclone")
        {
            found.AddRange(snapshot.Clones.Where(c => IsIt(c.Metadata)).Select(c => CloneExplainer.Explain(snapshot, c)));
        }

        if (kind is null or "vmpool")
        {
            found.AddRange(snapshot.Pools.Where(p => IsIt(p.Metadata)).Select(p => PoolExplainer.Explain(snapshot, p)));
        }

        if (kind is null or "vmtemplate")
        {
            found.AddRange(snapshot.Templates.Where(t => IsIt(t.Metadata)).Select(t => TemplateExplainer.Explain(snapshot, t)));
        }

        return found;
    }

    private static string? Kind(string word) => word.ToLowerInvariant().Split('.')[0] switch
    {
        "vmclone" or "vmclones" or "vmc" => "vmclone",
        "vmpool" or "vmpools" or "vmp" => "vmpool",
        "vmtemplate" or "vmtemplates" or "vmt" => "vmtemplate",
        _ => null,
    };
}

using Templating.Contract;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>What a node has of a VMTemplate: node templates NAME-REVISION of its tenant, each with its newest build.</summary>
internal static class NodeFiles
{
    /// <returns>By cluster revision, the newest build of each.</returns>
    public static Dictionary<string, Template> Of(INode node, ObjectKey template)
    {
        var newest = new Dictionary<string, Template>(StringComparer.Ordinal);
        foreach (var file in node.Templates)
        {
            if (Belongs(file, template, out var revision) && (!newest.TryGetValue(revision, out var other) || IsNewer(file, other)))
            {
                newest[revision] = file;
            }
        }

        return newest;
    }

    /// <summary>The VMTemplate a node's template is of; null for one made by hand.</summary>
    public static ObjectKey? OwnerOf(Template file) =>
        NodeTemplates.TryParse(file.Template_, out var name, out _) ? new ObjectKey(file.Tenant, name) : null;

    /// <summary>The revision that VM pods get on that node: the present one, or, until it is there, the newest that is.</summary>
    public static string? UsableRevision(INode node, ObjectKey template, string present)
    {
        var files = Of(node, template);
        return IsReady(files, present) ? present
            : files.Where(file => file.Value.State == TemplateState.Ready).OrderByDescending(file => file.Value.CreateTime).FirstOrDefault().Key;
    }

    /// <summary>
    /// Whether it is there, sound, and the newest of its template's: a volume that names no revision gets the newest.
    /// </summary>
    public static bool IsReady(IReadOnlyDictionary<string, Template> files, string revision) =>
        files.TryGetValue(revision, out var present) && present.State == TemplateState.Ready
        && !files.Values.Any(other => !ReferenceEquals(other, present) && IsNewer(other, present));

    /// <summary>Whether a VM pod on that node, whoever made it, uses that revision.</summary>
    public static bool IsUsed(INode node, ObjectKey template, string revision) =>
        node.Pods.Any(pod => pod.Tenant == template.Namespace && PublishedTemplate(pod) == NodeTemplates.Join(template.Name, revision));

    /// <summary>tenants/{tenant}/templates/{template}/revisions/{digest}; empty for anything else.</summary>
    public static string PublishedTemplate(VmPod pod) => pod.Template.Split('/') is [_, _, "templates", var template, ..] ? template : "";

    private static bool Belongs(Template file, ObjectKey template, out string revision)
    {
        revision = "";
        return file.Tenant == template.Namespace && NodeTemplates.TryParse(file.Template_, out var name, out revision) && name == template.Name;
    }

    private static bool IsNewer(Template one, Template other) => one.CreateTime is { } time && other.CreateTime is { } than && time.CompareTo(than) > 0;
}

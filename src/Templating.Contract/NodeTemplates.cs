
namespace Templating.Contract;

/// <summary>
/// How a cluster's template is named on a node: <c>NAME-REVISION</c>, where the cluster's revision is ten hex digits. The
/// newest revision that the node has of it is what volumes get.
/// </summary>
public static class NodeTemplates
{
    public const int RevisionLength = 10;

    /// <summary>Of a VMTemplate's name: with its revision it is a label on a node.</summary>
    public const int MaxName = Labels.MaxLength - RevisionLength - 1;

    public static bool IsRevision(string? text) => Labels.IsLowerHex(text, RevisionLength);

    public static string Join(string template, string revision) => $"{template}-{revision}";

    /// <summary>What it competes with for being the newest: the cluster's template it is a revision of, or the template itself.</summary>
    public static string FamilyOf(string nodeTemplate) => TryParse(nodeTemplate, out var template, out _) ? template : nodeTemplate;

    /// <summary>False for a template that a person made by hand.</summary>
    public static bool TryParse(string nodeTemplate, out string template, out string revision)
    {
        template = revision = "";
        var split = nodeTemplate.Length - RevisionLength - 1;
        if (split < 1 || nodeTemplate[split] != '-' || !IsRevision(nodeTemplate[(split + 1)..]))
        {
            return false;
        }

        template = nodeTemplate[..split];
        revision = nodeTemplate[(split + 1)..];
        return true;
    }
}

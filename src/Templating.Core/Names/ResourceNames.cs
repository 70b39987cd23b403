using Templating.Contract;

namespace Templating.Core.Names;

/// <summary>Reads the names that <see cref="TemplateName"/> and <see cref="RevisionName"/> write.</summary>
public static class ResourceNames
{
    /// <summary>Reads <c>tenants/T/templates/N</c>, with or without <c>/revisions/R</c>; strict, so that one thing has one name.</summary>
    /// <param name="text">The name.</param>
    /// <param name="template">The template.</param>
    /// <param name="revision">Null when the name has none.</param>
    public static bool TryParse(string? text, out TemplateName template, out string? revision)
    {
        template = default;
        revision = null;
        // "tenants/" + "/templates/" + "/revisions/" and the parts at their longest: longer is not worth splitting.
        if (text is null || text.Length > 30 + (2 * Labels.MaxLength) + Labels.RevisionLength)
        {
            return false;
        }

        var parts = text.Split('/');
        if (parts is not (["tenants", _, "templates", _] or ["tenants", _, "templates", _, "revisions", _])
            || !Labels.IsLabel(parts[1]) || !Labels.IsLabel(parts[3])
            || (parts.Length == 6 && !Labels.IsRevision(parts[5])))
        {
            return false;
        }

        template = new TemplateName(parts[1], parts[3]);
        revision = parts.Length == 6 ? parts[5] : null;
        return true;
    }

    /// <summary>Reads <c>tenants/T</c>; <paramref name="tenant"/> is null for <c>tenants/-</c>, all of them.</summary>
    public static bool TryParseTenant(string? text, out string? tenant)
    {
        tenant = null;
        if (text is null || !text.StartsWith("tenants/", StringComparison.Ordinal))
        {
            return false;
        }

        var label = text["tenants/".Length..];
        if (label is "-")
        {
            return true;
        }

        tenant = Labels.IsLabel(label) ? label : null;
        return tenant is not null;
    }
}

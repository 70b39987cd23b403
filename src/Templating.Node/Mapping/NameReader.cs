using Templating.Contract;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>
/// Reads resource names and, at once, asks whether the caller may act for their tenant: before the rest of the request is
/// judged and before anything is looked up. A caller without the right learns nothing else.
/// </summary>
internal static class NameReader
{
    private const string TemplateForm = "tenants/TENANT/templates/NAME or tenants/TENANT/templates/NAME/revisions/REVISION";

    public static CloneName Clone(string field, string text, Caller caller)
    {
        var parts = text.Length <= 200 ? text.Split('/') : [];
        if (parts is not ["tenants", var tenant, "clones", var id] || !Labels.IsLabel(tenant) || !Labels.IsLabel(id))
        {
            throw Bad(field, text, "tenants/TENANT/clones/ID");
        }

        caller.Require(tenant);
        return new CloneName(tenant, id);
    }

    public static PodName Pod(string field, string text, Caller caller)
    {
        var parts = text.Length <= 250 ? text.Split('/') : [];
        if (parts is not ["tenants", var tenant, "pods", var uid] || !Labels.IsLabel(tenant)
            || uid.Length == 0 || !uid.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
        {
            throw Bad(field, text, "tenants/NAMESPACE/pods/POD_UID");
        }

        caller.Require(tenant);
        return new PodName(tenant, uid);
    }

    public static (string Tenant, string Digest) Image(string field, string text, Caller caller)
    {
        var parts = text.Length <= 200 ? text.Split('/') : [];
        if (parts is not ["tenants", var tenant, "images", var digest] || !Labels.IsLabel(tenant) || !Labels.IsSha256(digest))
        {
            throw Bad(field, text, "tenants/TENANT/images/DIGEST");
        }

        caller.Require(tenant);
        return (tenant, digest);
    }

    public static PoolName Pool(string field, string text, Caller caller)
    {
        var parts = text.Length <= 200 ? text.Split('/') : [];
        if (parts is not ["tenants", var tenant, "pools", var id] || !Labels.IsLabel(tenant) || !Labels.IsLabel(id))
        {
            throw Bad(field, text, "tenants/TENANT/pools/POOL");
        }

        caller.Require(tenant);
        return new PoolName(tenant, id);
    }

    public static (TemplateName Template, string? Revision) Template(string field, string text, Caller caller)
    {
        if (!ResourceNames.TryParse(text, out var template, out var revision))
        {
            throw Bad(field, text, TemplateForm);
        }

        caller.Require(template.Tenant);
        return (template, revision);
    }

    /// <summary>As <see cref="Template(string, string, Caller)"/>, for a request whose other faults are told together with a bad name.</summary>
    public static (TemplateName Template, string? Revision) Template(string field, string text, Caller caller, Faults faults)
    {
        if (!ResourceNames.TryParse(text, out var template, out var revision))
        {
            faults.Add(field, Describe(text, TemplateForm));
            return default;
        }

        caller.Require(template.Tenant);
        return (template, revision);
    }

    /// <summary>Null for <c>tenants/-</c>: all the caller may see. Needs no right; what is listed is filtered.</summary>
    public static string? Parent(string text, Caller caller, Faults faults)
    {
        if (!ResourceNames.TryParseTenant(text, out var tenant))
        {
            faults.Add("parent", Describe(text, "tenants/TENANT or tenants/-"));
            return null;
        }

        if (tenant is not null)
        {
            caller.Require(tenant);
        }

        return tenant;
    }

    /// <summary>Whether what a tenant has belongs to a parent.</summary>
    public static bool IsUnder(string? parent, string tenant) => parent is null || string.Equals(parent, tenant, StringComparison.Ordinal);

    private static TemplatingException Bad(string field, string text, string form) => new([new FieldViolation(field, Describe(text, form))]);

    private static string Describe(string text, string form) => $"{Quote.Text(text)} is not of the form {form}.";
}

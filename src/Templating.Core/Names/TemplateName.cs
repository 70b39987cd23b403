using Templating.Contract;

namespace Templating.Core.Names;

/// <summary>A template of a tenant. Both parts are RFC 1123 labels: 1 to 63 of a-z, 0-9 and '-', no '-' at the ends.</summary>
public readonly record struct TemplateName(string Tenant, string Name)
{
    /// <summary>Whether both parts are labels.</summary>
    public bool IsValid => Labels.IsLabel(Tenant) && Labels.IsLabel(Name);

    public override string ToString() => $"tenants/{Tenant}/templates/{Name}";
}

/// <summary>One build of a template; <paramref name="Revision"/> is 32 hex digits of its manifest's SHA-256.</summary>
public readonly record struct RevisionName(TemplateName Template, string Revision)
{
    public bool IsValid => Template.IsValid && Labels.IsRevision(Revision);

    public override string ToString() => $"{Template}/revisions/{Revision}";
}

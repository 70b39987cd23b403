namespace Templating.Node.Admission;

/// <summary>How much of the node a caller may take up, by what it may do.</summary>
internal enum Standing
{
    /// <summary>May act for no tenant.</summary>
    Stranger,

    /// <summary>May act for some tenants.</summary>
    Tenant,

    /// <summary>May act for all tenants: an operator, root.</summary>
    Trusted,
}

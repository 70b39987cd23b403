namespace Templating.Kubernetes.Schemas;

/// <summary>Patterns of Kubernetes' own names (RFC 1123).</summary>
public static class Patterns
{
    public const string Label = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    public const string Subdomain = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
}

namespace Templating.Contract;

/// <summary>Patterns of Kubernetes' own names (RFC 1123), for schemas; their lengths are told beside them.</summary>
public static class Patterns
{
    /// <summary>What <see cref="Labels.IsLabel"/> takes, with <see cref="Labels.MaxLength"/>.</summary>
    public const string Label = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    public const string Subdomain = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /// <summary>What a C string can hold.</summary>
    public const string NoNul = @"^[^\x00]*$";

    public const int MaxSubdomain = 253;

    /// <summary>A label's value, and the name behind its key's domain; at most <see cref="Labels.MaxLength"/>.</summary>
    public const string QualifiedName = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";
}

namespace Templating.Core.Clones;

/// <summary>What a caller says of when a clone ends by itself. Checked already; what is null stays as it is.</summary>
public sealed record Lifetime
{
    public static readonly Lifetime Unsaid = new();

    /// <summary>From now. Not with <see cref="ExpireAt"/>.</summary>
    public TimeSpan? Ttl { get; init; }

    public DateTimeOffset? ExpireAt { get; init; }

    /// <summary>How long nobody may use it before it ends.</summary>
    public TimeSpan? IdleLimit { get; init; }

    /// <summary>It is to have no end any more.</summary>
    public bool NoExpiry { get; init; }

    public bool NoIdleLimit { get; init; }
}

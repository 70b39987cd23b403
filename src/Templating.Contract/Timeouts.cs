namespace Templating.Contract;

/// <summary>How long a guest may take. In seconds too, because attributes of a resource take nothing but constants.</summary>
public static class Timeouts
{
    public const int LeastSeconds = 1;

    /// <summary>For a guest to confirm its identity, where unset.</summary>
    public const int IdentitySeconds = 30;

    public const int MostIdentitySeconds = 600;

    /// <summary>For the guest's agent to answer and the warm-up to end, together, where unset.</summary>
    public const int ReadinessSeconds = 120;

    public const int MostReadinessSeconds = 3600;

    public static readonly TimeSpan Least = TimeSpan.FromSeconds(LeastSeconds);

    public static readonly TimeSpan Identity = TimeSpan.FromSeconds(IdentitySeconds);

    public static readonly TimeSpan MostIdentity = TimeSpan.FromSeconds(MostIdentitySeconds);

    public static readonly TimeSpan Readiness = TimeSpan.FromSeconds(ReadinessSeconds);

    public static readonly TimeSpan MostReadiness = TimeSpan.FromSeconds(MostReadinessSeconds);
}

namespace Templating.Kubernetes;

/// <summary>How a VMClone came to its VM: its <c>status.start</c>.</summary>
public static class StartKinds
{
    /// <summary>Taken from a pool.</summary>
    public const string Warm = "Warm";

    /// <summary>Its pod was made for it.</summary>
    public const string Cold = "Cold";
}

/// <summary>Names in a VMClone's <c>status.phases</c>, in the order in which they come.</summary>
public static class StartPhases
{
    /// <summary>Cold: until its pod was on a node.</summary>
    public const string Scheduled = "scheduled";

    /// <summary>Warm: until a pool's pod was its own.</summary>
    public const string Claimed = "claimed";

    /// <summary>Until its VM waited at the frozen moment.</summary>
    public const string Restored = "restored";

    /// <summary>Until the guest had confirmed who it is.</summary>
    public const string Identity = "identity";
}

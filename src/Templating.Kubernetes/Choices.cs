namespace Templating.Kubernetes;

/// <summary>A VMClone's <c>spec.restartPolicy</c>: when a new VM takes the place of one that ended.</summary>
public static class RestartPolicies
{
    public const string Never = "Never";

    /// <summary>When it failed.</summary>
    public const string OnFailure = "OnFailure";

    /// <summary>However it ended.</summary>
    public const string Always = "Always";
}

/// <summary>A VMPool's <c>spec.updateStrategy</c>: what happens to waiting VMs of an older revision.</summary>
public static class UpdateStrategies
{
    /// <summary>They go as new ones wait.</summary>
    public const string Replace = "Replace";

    /// <summary>They stay until they are used.</summary>
    public const string OnUse = "OnUse";
}

namespace Templating.Kubernetes;

/// <summary>What a node has of a VMTemplate: the states in its <c>status.nodes</c>.</summary>
public static class NodeStates
{
    /// <summary>The revision is there and sound.</summary>
    public const string Ready = "Ready";

    /// <summary>It is being built, or its build waits for its turn.</summary>
    public const string Building = "Building";

    /// <summary>It could not be built; tried again after a while.</summary>
    public const string Failed = "Failed";

    /// <summary>The daemon cannot be asked; what is said of the node may be old.</summary>
    public const string Unreachable = "Unreachable";
}

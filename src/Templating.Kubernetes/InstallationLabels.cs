namespace Templating.Kubernetes;

/// <summary>How the chart labels the pods it makes, and how they are found by that.</summary>
public static class InstallationLabels
{
    public const string Component = "app.kubernetes.io/component";

    /// <summary>A value of <see cref="Component"/>: the daemons of the nodes.</summary>
    public const string Node = "node";

    /// <summary>A value of <see cref="Component"/>.</summary>
    public const string Operator = "operator";

    /// <summary>A value of <see cref="Keys.NameLabel"/>.</summary>
    public const string Name = "templating";

    /// <summary>Selects all of them.</summary>
    public const string Selector = $"{Keys.NameLabel}={Name}";

    public const string NodeSelector = $"{Selector},{Component}={Node}";

    public const string OperatorSelector = $"{Selector},{Component}={Operator}";
}

namespace Templating.Kubernetes.Definitions;

internal static class Reflection
{
    /// <summary>Why this folder is not for executables that are compiled ahead of time.</summary>
    public const string Reason = "Definitions are made of types by reflection, when the chart is written.";
}

namespace Templating.Kubectl.Cluster;

/// <summary>Labels of the pods that the chart makes.</summary>
internal static class InstallationLabels
{
    public const string Component = "app.kubernetes.io/component";

    public const string Selector = "app.kubernetes.io/name=templating";
}

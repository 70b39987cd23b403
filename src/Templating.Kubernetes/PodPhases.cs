namespace Templating.Kubernetes;

/// <summary>Kubernetes' own: the phases of a pod's life that are looked at.</summary>
public static class PodPhases
{
    public const string Running = "Running";

    public const string Succeeded = "Succeeded";

    public const string Failed = "Failed";
}

namespace Templating.Kubernetes;

/// <summary>The API group of our resources.</summary>
public static class Group
{
    public const string Name = "templating.dev";

    public const string Version = "v1alpha1";

    public const string ApiVersion = $"{Name}/{Version}";
}

namespace Templating.Shim.Options;

/// <summary>What containerd's CRI plugin says of a pod in config.json.</summary>
internal static class CriAnnotations
{
    public const string Prefix = "io.kubernetes.cri.";
    public const string SandboxId = Prefix + "sandbox-id";
    public const string SandboxNamespace = Prefix + "sandbox-namespace";
}

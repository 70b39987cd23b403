namespace Templating.Node.Commands.Runtimes;

/// <summary>The containerd of this host, as it runs.</summary>
internal interface IContainerd
{
    /// <returns>Null where it does not answer.</returns>
    Task<ContainerdAnswer?> AskAsync(CancellationToken cancellationToken);
}

/// <param name="Handlers">The runtimes that the kubelet may name; null where its CRI plugin does not answer or does not say.</param>
/// <param name="SearchPath">Where it looks for shims; empty where that cannot be seen.</param>
internal sealed record ContainerdAnswer(string Version, bool ServesKubelet, IReadOnlySet<string>? Handlers, IReadOnlyList<string> SearchPath)
{
    /// <summary>containerd 1.x merges what files say of a plugin by throwing away all but the last.</summary>
    public bool IsVersion1 => Version.TrimStart('v').StartsWith("1.", StringComparison.Ordinal);
}

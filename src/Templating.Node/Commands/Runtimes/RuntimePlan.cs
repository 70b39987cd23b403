namespace Templating.Node.Commands.Runtimes;

/// <summary>What installing or taking out changes.</summary>
/// <param name="Before">Files that are changed before containerd's configuration.</param>
/// <param name="Config">containerd's.</param>
/// <param name="After">Files that are changed when containerd goes by its new configuration.</param>
/// <param name="NeedsRestart">Whether containerd goes by another one now.</param>
internal sealed record RuntimePlan(
    IReadOnlyList<PlannedFile> Before, IReadOnlyList<PlannedFile> Config, IReadOnlyList<PlannedFile> After, bool NeedsRestart)
{
    public IEnumerable<PlannedFile> Files => [.. Before, .. Config, .. After];

    public bool IsDone => !NeedsRestart && Files.All(f => !f.IsChanged);
}

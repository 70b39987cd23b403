namespace Templating.ClusterTests.Cluster;

/// <summary>What helps to understand a failure on a cluster that is gone when it is read.</summary>
internal static class Diagnosis
{
    public static async Task<string> ReadAsync()
    {
        var parts = new List<string>();
        string[][] looks =
        [
            ["get", "vmtemplates,vmpools,vmclones,pods", "-A", "-o", "wide"],
            ["get", "events", "-A", "--sort-by=.metadata.creationTimestamp"],
            ["logs", "-n", Settings.System, "-l", InstallationLabels.OperatorSelector, "--tail=60", "--prefix"],
            ["logs", "-n", Settings.System, "-l", InstallationLabels.NodeSelector, "--tail=40", "--prefix"],
        ];
        foreach (var look in looks)
        {
            var result = await Kubectl.TryAsync(look);
            var text = result.Output + result.Error;
            parts.Add($"--- kubectl {string.Join(' ', look)}\n{text[^Math.Min(text.Length, 8000)..]}");
        }

        return string.Join('\n', parts);
    }
}

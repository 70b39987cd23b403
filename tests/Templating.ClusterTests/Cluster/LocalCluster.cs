using System.Text.Json;

namespace Templating.ClusterTests.Cluster;

/// <summary>Breaks and mends parts of a cluster that eng/kube/up.sh made.</summary>
internal static class LocalCluster
{
    private static string Folder => Settings.LocalCluster
        ?? throw new InvalidOperationException("This test breaks parts of the cluster; it runs on one of eng/kube/up.sh only.");

    /// <param name="action">stop, start, restart, kill.</param>
    /// <param name="what">apiserver; kubelet, containerd or node with a number.</param>
    public static async Task ControlAsync(string action, params string[] what) =>
        (await Command.RunAsync("bash", [$"{Settings.Scripts}/ctl.sh", Folder, action, .. what])).Require();

    public static async Task<string> InNodeAsync(int node, params string[] command) =>
        (await Command.RunAsync("bash", [$"{Settings.Scripts}/in-node.sh", Folder, $"{node}", .. command])).Require().Output;

    /// <summary>Makes an image by a script of eng/kube and imports it into each node.</summary>
    public static async Task LoadImageAsync(string script)
    {
        var archive = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.tar");
        try
        {
            (await Command.RunAsync("bash", [$"{Settings.Scripts}/{script}", archive])).Require();
            (await Command.RunAsync("bash", [$"{Settings.Scripts}/load-image.sh", Folder, archive])).Require();
        }
        finally
        {
            File.Delete(archive);
        }
    }

    /// <summary>Forgets the history of all objects: watches that come back with an old resourceVersion get 410.</summary>
    public static async Task CompactAsync()
    {
        var status = (await Command.RunAsync("etcdctl", ["endpoint", "status", "-w", "json"])).Require();
        using var json = JsonDocument.Parse(status.Output);
        var revision = json.RootElement[0].GetProperty("Status").GetProperty("header").GetProperty("revision").GetInt64();
        (await Command.RunAsync("etcdctl", ["compact", $"{revision}"])).Require();
    }
}

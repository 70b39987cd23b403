namespace Templating.ClusterTests.Cluster;

/// <summary>What eng/kube/test.sh says of the cluster under test, in variables of the environment.</summary>
internal static class Settings
{
    /// <summary>The namespace of the installation.</summary>
    public static string System { get; } = Read("TEMPLATING_NAMESPACE") ?? "templating-system";

    /// <summary>Folder of a cluster that eng/kube/up.sh made; null for a user's own, whose parts no test may break.</summary>
    public static string? LocalCluster { get; } = Read("TEMPLATING_CLUSTER");

    /// <summary>The scripts that break and mend a local cluster.</summary>
    public static string Scripts { get; } = Read("TEMPLATING_KUBE_SCRIPTS") ?? "eng/kube";

    /// <summary>The node's guest folder, with vmlinux, initrd and rootfs.img of eng/guest/build.sh.</summary>
    public static string GuestFolder { get; } = Read("TEMPLATING_GUEST_FOLDER") ?? "/var/lib/templating/guest";

    private static string? Read(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

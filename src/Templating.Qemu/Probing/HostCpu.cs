namespace Templating.Qemu.Probing;

internal static class HostCpu
{
    /// <summary>The first processor's <c>model name</c> in /proc/cpuinfo.</summary>
    public static string ReadModel() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[^1].Trim() ?? "unknown";
}

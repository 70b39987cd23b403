namespace Templating.Core.Linux;

/// <summary>This boot of the host: what is true of a process id or a device number says nothing of the next one.</summary>
internal static class HostBoot
{
    /// <summary>random(4).</summary>
    public static Guid Id { get; } = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));
}

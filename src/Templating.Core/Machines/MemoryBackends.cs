namespace Templating.Core.Machines;

/// <summary>The one table from a memory role to QEMU's flags. Its reasons: QEMU's docs/system/vm-templating.rst.</summary>
public static class MemoryBackends
{
    public static MemoryBackendFlags FlagsFor(MemoryRole role) => role switch
    {
        MemoryRole.TemplateRam => new(Share: true, ReadOnly: false, RomMode.Auto),
        MemoryRole.CloneRam => new(Share: false, ReadOnly: true, RomMode.Off),
        MemoryRole.Image => new(Share: true, ReadOnly: true, RomMode.Auto),
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a memory role."),
    };

    /// <summary>What the role promises of the mapping in the running process, checked in <c>/proc/PID/maps</c>.</summary>
    public static (bool Writable, bool Shared) MappingFor(MemoryRole role)
    {
        var flags = FlagsFor(role);
        return (Writable: !MemoryBackendValidator.IsRom(flags), flags.Share);
    }
}

namespace Templating.Core.Machines;

/// <summary>What a memory backend is for. Callers choose a role; only <see cref="MemoryBackends"/> knows its flags.</summary>
public enum MemoryRole
{
    /// <summary>The RAM of a VM that becomes a template: the guest writes straight into the file.</summary>
    TemplateRam,

    /// <summary>The RAM of a clone: the file opened read-only, mapped private, every write copy-on-write.</summary>
    CloneRam,

    /// <summary>A read-only NVDIMM: ROM, guest writes are dropped and cost the host nothing.</summary>
    Image,
}

public enum RomMode
{
    Auto,
    On,
    Off,
}

/// <summary>The three properties of QEMU's <c>memory-backend-file</c> that decide who sees whose writes.</summary>
public readonly record struct MemoryBackendFlags(bool Share, bool ReadOnly, RomMode Rom);

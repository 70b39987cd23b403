using System.Text.Json;
using Templating.Core.Machines;

namespace Templating.Qemu.CommandLine;

/// <summary>A memory backend by role: there is no way to say its flags.</summary>
internal sealed record MemoryBackend(string Id, MemoryRole Role, string Path, long Bytes)
{
    public static string RomWord(RomMode rom) => rom switch { RomMode.On => "on", RomMode.Off => "off", _ => "auto" };

    /// <summary>As the arguments of object-add.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        var flags = MemoryBackends.FlagsFor(Role);
        writer.WriteString("qom-type", "memory-backend-file");
        writer.WriteString("id", Id);
        writer.WriteNumber("size", Bytes);
        writer.WriteString("mem-path", Path);
        writer.WriteBoolean("share", flags.Share);
        writer.WriteBoolean("readonly", flags.ReadOnly);
        writer.WriteString("rom", RomWord(flags.Rom));
    }
}

/// <summary>A character device on a listening socket that QEMU inherits.</summary>
internal sealed record CharacterDevice(string Id, int Descriptor);

/// <summary>What the virtual CPU does first.</summary>
internal abstract record Beginning
{
    /// <summary>Boots a kernel.</summary>
    public sealed record Boot(string KernelPath, string? InitrdPath, string CommandLine) : Beginning;

    /// <summary>
    /// Waits for a state. Without kernel and initrd: QEMU would keep both in its heap (10 MB) and take 17 ms longer,
    /// and what a clone needs of them is in its RAM. The price: such a clone cannot reboot itself.
    /// </summary>
    public sealed record Incoming : Beginning;

    /// <summary>Waits for memory, and then for a state.</summary>
    public sealed record Blank : Beginning;
}

/// <summary>What the guest's network card leads to.</summary>
internal abstract record NetworkBackend
{
    /// <summary>QEMU's own user-mode network.</summary>
    public sealed record User(bool Outbound, IReadOnlyList<PortForward> Forwards) : NetworkBackend;

    /// <summary>A process at the other end of a socket that QEMU inherits.</summary>
    public sealed record Stream(int Descriptor) : NetworkBackend;
}

/// <summary>Everything a QEMU command line says.</summary>
internal sealed record QemuLaunch
{
    public required string QemuPath { get; init; }

    public required ResolvedMachine Machine { get; init; }

    /// <summary>Null where it gets its memory later.</summary>
    public required MemoryBackend? Ram { get; init; }

    /// <summary>Where it gets its memory later, of each only that it will be there.</summary>
    public required IReadOnlyList<MemoryBackend> Images { get; init; }

    /// <summary>Where the state is read from or written to, a descriptor it inherits; null where it gets that later.</summary>
    public required int? StateDescriptor { get; init; }

    public required NetworkBackend Network { get; init; }

    /// <summary>Null: QEMU draws one.</summary>
    public required Guid? Generation { get; init; }

    public required Beginning Beginning { get; init; }

    public required int TcgBufferMiB { get; init; }

    public required VmSockets<CharacterDevice> Sockets { get; init; }

    /// <summary>The port for the owner of a sandbox; null for another machine, which has a network card instead.</summary>
    public CharacterDevice? Owner { get; init; }
}

/// <summary>One of a thing for each channel of a VM.</summary>
internal sealed record VmSockets<T>(T Qmp, T Agent, T Guest, T Console)
{
    public IReadOnlyList<T> All => [Qmp, Agent, Guest, Console];

    public VmSockets<TOther> Select<TOther>(Func<T, TOther> map) => new(map(Qmp), map(Agent), map(Guest), map(Console));
}

using Templating.Core.Sandboxes;

namespace Templating.Node.Mapping;

/// <summary>Writes sandboxes as the wire has them.</summary>
internal static class SandboxWriter
{
    public static V1.Sandbox ToWire(SandboxView view) => new()
    {
        Clone_ = CloneWriter.ToWire(view.Vm),
        Connection = view.OwnerPort is { } port ? new V1.SandboxConnection { OwnerPort = port } : null,
        Room = view.Room is { } room
            ? new V1.SandboxRoom
            {
                FreePorts = room.FreePorts,
                FreeMemorySlots = room.FreeMemorySlots,
                MemoryBytes = room.MemoryBytes,
                MaxMemoryBytes = room.MaxMemoryBytes,
                Vcpus = room.Vcpus,
                MaxVcpus = room.MaxVcpus,
            }
            : null,
    };
}

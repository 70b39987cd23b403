using Templating.Core.Machines;

namespace Templating.Qemu.CommandLine;

/// <summary>How much RAM a machine has, and room for how much more memory in how many slots. NVDIMMs have slots and room of their own.</summary>
/// <param name="Bytes">The RAM it begins with.</param>
/// <param name="MostBytes">All that its guest may ever have, images among it.</param>
/// <param name="Slots">0 where it has what it has.</param>
internal readonly record struct MemoryRoom(long Bytes, long MostBytes, int Slots)
{
    public static MemoryRoom Of(ResolvedMachine machine, IReadOnlyList<MemoryBackend> images)
    {
        var most = machine.MaxMemoryBytes ?? machine.MemoryBytes;
        var slots = images.Count + (most > machine.MemoryBytes || machine.Sandbox ? QemuCommandLine.DimmSlots : 0);
        var room = images.Sum(image => image.Bytes) + (machine.Sandbox ? SandboxDevices.ImageRoom : 0);
        return new MemoryRoom(machine.MemoryBytes, slots > 0 ? most + room : machine.MemoryBytes, slots);
    }
}

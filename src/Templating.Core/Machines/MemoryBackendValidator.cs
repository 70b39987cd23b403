namespace Templating.Core.Machines;

/// <summary>What QEMU (8.2 and newer) does with a combination of flags, and why.</summary>
/// <param name="Accepted">Whether QEMU starts with it.</param>
/// <param name="Rom">Whether the guest sees ROM, its writes dropped. Meaningless when not accepted.</param>
/// <param name="Explanation">For people, in one or two sentences.</param>
public readonly record struct MemoryBackendVerdict(bool Accepted, bool Rom, string Explanation);

/// <summary>
/// Explains all twelve combinations of <c>share</c>, <c>readonly</c> and <c>rom</c>. The rules are those of QEMU commit
/// e92666b0ba4c (backends/hostmem-file: Add "rom" property); a test compares them with the installed binary.
/// </summary>
public static class MemoryBackendValidator
{
    /// <summary>
    /// What <c>rom=auto</c> comes to: <c>on</c> exactly when the backend is read-only, whether it is shared or not.
    /// </summary>
    public static bool IsRom(MemoryBackendFlags flags) =>
        flags.Rom == RomMode.On || (flags.Rom == RomMode.Auto && flags.ReadOnly);

    public static MemoryBackendVerdict Judge(MemoryBackendFlags flags)
    {
        var rom = IsRom(flags);
        return (flags.Share, flags.ReadOnly, rom) switch
        {
            (_, false, true) => new(false, rom,
                "Refused: rom=on with readonly=off would open the file for writing and then give the guest memory it "
                + "cannot write. Use readonly=on with it, or rom=off."),
            (true, true, false) => new(false, rom,
                "Refused: rom=off asks for writable memory, but a shared mapping of a file opened read-only cannot be "
                + "written. Use share=off for copy-on-write, or rom=on."),
            (true, false, false) => new(true, rom,
                "The guest writes straight into the file, and whoever else maps it sees that: a template's RAM while it "
                + "is being made."),
            (false, false, false) => new(true, rom,
                "Copy-on-write, but the file is opened for writing without need: a clone's RAM should use readonly=on."),
            (false, true, false) => new(true, rom,
                "Copy-on-write over a file opened read-only: a clone's RAM. As an NVDIMM a hostile guest could make the "
                + "host spend memory on every page of it, so never for images."),
            (true, true, true) => new(true, rom,
                "Read-only memory: the guest's writes are dropped and cost the host nothing. An image."),
            (false, true, true) => new(true, rom,
                "Read-only memory over a private mapping: the guest's writes are dropped. An image would rather be "
                + "shared, which says what it is."),
        };
    }
}

namespace Templating.Cli.Parsing;

/// <summary>
/// What other systems' machines have and a frozen one cannot: who asks for it is told why, where an unknown word would only look
/// mistyped.
/// </summary>
internal static class ImpossibleWishes
{
    private const string HugePages =
        "Huge pages are not possible: a clone's RAM is a private mapping of its template's file, and is shared with its siblings by the page until it is written to.";

    private const string SharedMemory =
        "virtio-fs and vhost-user are not possible: they need the guest's RAM shared with another process, and a clone's is private. "
        + "Plug an image or a disk into a sandbox instead, or give the clone files.";

    private const string HostDevices =
        "Devices of the host (VFIO) are not possible: what they hold is in no frozen state, and they pin all of the guest's RAM, so that clones would share none.";

    /// <summary>Null for a word that is none of these.</summary>
    public static string? ReasonOf(string word) => word.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() switch
    {
        "HUGEPAGES" or "ENABLEHUGEPAGES" or "HUGEPAGESIZE" or "HUGETLB" => HugePages,
        "VIRTIOFS" or "SHAREDFS" or "VHOSTUSER" or "VHOSTUSERBLK" or "VHOSTUSERNET" or "FILESYSTEMS" => SharedMemory,
        "VFIO" or "HOSTDEVICES" or "HOSTDEV" or "PCIDEVICES" or "GPUS" => HostDevices,
        _ => null,
    };
}

namespace Templating.Core.Machines;

/// <summary>Bounds of the files that a VM is made from, each with its reason.</summary>
public static class FileLimits
{
    /// <summary>As much as the RAM's limit; keeps sums of sizes far from overflow.</summary>
    public const long MaxBytes = 1L << 40;

    /// <summary>QEMU reads it whole into memory that no VM is charged for. Distributions' kernels have 5 to 80 MiB.</summary>
    public const long MaxKernelBytes = 128L << 20;

    /// <summary>As for the kernel, and it must fit into the guest's RAM beside what it unpacks to. Installers' have up to 200 MiB.</summary>
    public const long MaxInitrdBytes = 512L << 20;

    /// <summary>
    /// QEMU aligns an NVDIMM's backing file to 2 MiB when the guest maps it with huge pages (DAX), and Linux refuses
    /// to make a pmem namespace of an unaligned range, so an image that is no multiple would lose its tail or not
    /// appear at all. docs/nvdimm.txt in QEMU, "align" property.
    /// </summary>
    public const long ImageAlignment = 2 * 1024 * 1024;
}

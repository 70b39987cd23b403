using System.Globalization;

namespace Templating.Qemu.Base;

/// <summary>A file that a program has open.</summary>
/// <param name="Descriptor">Its number there.</param>
/// <param name="KernelName">As /proc names it: absolute, without symbolic links.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record HandedFile(int Descriptor, string KernelName, long Bytes)
{
    /// <summary>Where a process finds what it has open.</summary>
    public const string Folder = "/proc/self/fd/";

    /// <summary>A path that leads to it from within the program only, whatever that sees of the file system.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"{Folder}{Descriptor}");
}

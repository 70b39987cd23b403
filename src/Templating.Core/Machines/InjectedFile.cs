namespace Templating.Core.Machines;

/// <summary>A file of one clone alone, written into its guest before the guest is ready.</summary>
/// <param name="Path">Absolute in the guest; see <see cref="GuestInputs"/> for what is allowed.</param>
/// <param name="Content">The whole file.</param>
/// <param name="Mode">Permission bits, at most 0777.</param>
public sealed record InjectedFile(string Path, ReadOnlyMemory<byte> Content, int Mode = InjectedFile.DefaultMode)
{
    /// <summary>0600: what is given to one clone may be a secret.</summary>
    public const int DefaultMode = 0x180;
}

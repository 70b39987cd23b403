using Templating.Contract;

namespace Templating.Core.Machines;

/// <summary>A file of one clone alone, written into its guest before the guest is ready.</summary>
/// <param name="Path">Absolute in the guest; see <see cref="GuestFileRules"/> for what is allowed.</param>
/// <param name="Content">The whole file.</param>
/// <param name="Mode">Permission bits, at most 0777.</param>
public sealed record InjectedFile(string Path, ReadOnlyMemory<byte> Content, int Mode = GuestFileRules.DefaultMode);

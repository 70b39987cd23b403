using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>struct bpf_insn, linux/bpf.h.</summary>
/// <param name="Code">The operation.</param>
/// <param name="Registers">The one that is written to in the lower four bits, the one that is read above.</param>
/// <param name="Offset">In memory, or of a jump.</param>
/// <param name="Immediate">A number.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct BpfInstruction(byte Code, byte Registers, short Offset, int Immediate);

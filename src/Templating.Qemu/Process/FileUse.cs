using Templating.Core.Linux;

namespace Templating.Qemu.Process;

/// <summary>What a program may do with a file: the flag of open(2).</summary>
internal enum FileUse
{
    Read = LibC.OpenReadOnly,
    Write = LibC.OpenWriteOnly,
    ReadWrite = LibC.OpenReadWrite,
}

namespace Templating.Qemu.Probing;

/// <summary>
/// A firmware of 64 KiB that does what a guest's first milliseconds do (real mode, protected mode, a page of RAM written
/// and read, an instruction of BMI2 as Linux unpacks itself with it, a loop that takes seconds where each instruction is
/// emulated) and tells it through QEMU's isa-debug-exit device.
/// </summary>
internal static class ProbeFirmware
{
    public const int ExitPort = 0xf4;

    /// <summary>isa-debug-exit ends QEMU with (value &lt;&lt; 1) | 1; the value is 0x2a.</summary>
    public const int ExitCode = 0x2a << 1 | 1;

    private const int Size = 0x10000;
    private const int CodeAt = 0xff00;
    private const int ResetAt = 0xfff0;

    /// <summary>The image ends at 4 GiB, so offset 0xff00 is at 0xffffff00.</summary>
    private static ReadOnlySpan<byte> Code =>
    [
        0xfa,                                           // cli
        0x2e, 0x66, 0x0f, 0x01, 0x16, 0x70, 0xff,       // lgdtl %cs:gdtr
        0x0f, 0x20, 0xc0,                               // mov %cr0, %eax
        0x0c, 0x01,                                     // or $1, %al           protected mode
        0x0f, 0x22, 0xc0,                               // mov %eax, %cr0
        0x66, 0xea, 0x18, 0xff, 0xff, 0xff, 0x08, 0x00, // ljmpl $8, $0xffffff18
        0xb8, 0x10, 0x00, 0x00, 0x00,                   // mov $16, %eax
        0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0,             // mov %eax to %ds, %es, %ss
        0xbf, 0x00, 0x80, 0x00, 0x00,                   // mov $0x8000, %edi
        0xb9, 0x00, 0x04, 0x00, 0x00,                   // mov $1024, %ecx
        0xb8, 0x01, 0x00, 0x00, 0x00,                   // mov $1, %eax
        0xfc, 0xf3, 0xab,                               // cld; rep stosl       1024 ones
        0x31, 0xc0,                                     // xor %eax, %eax
        0xbe, 0x00, 0x80, 0x00, 0x00,                   // mov $0x8000, %esi
        0xb9, 0x00, 0x04, 0x00, 0x00,                   // mov $1024, %ecx
        0x03, 0x06, 0x83, 0xc6, 0x04, 0xe2, 0xf9,       // 1: add (%esi), %eax; add $4, %esi; loop 1b
        0x3d, 0x00, 0x04, 0x00, 0x00,                   // cmp $1024, %eax
        0x75, 0x04,                                     // jne 2f
        0xeb, 0x27, 0x90, 0x90,                         // jmp 0xffffff78
        0xf4, 0xeb, 0xfd,                               // 2: hlt; jmp 2b
        0x66, 0x90,                                     // (to a multiple of 8)
    ];

    /// <summary>At 0xffffff78.</summary>
    private static ReadOnlySpan<byte> Rest =>
    [
        0x31, 0xc0, 0x0f, 0xa2,                         // xor %eax, %eax; cpuid
        0x83, 0xf8, 0x07, 0x72, 0x23,                   // cmp $7, %eax; jb 1f
        0xb8, 0x07, 0x00, 0x00, 0x00,                   // mov $7, %eax
        0x31, 0xc9, 0x0f, 0xa2,                         // xor %ecx, %ecx; cpuid
        0x0f, 0xba, 0xe3, 0x08, 0x73, 0x14,             // bt $8, %ebx; jnc 1f  no BMI2
        0xb8, 0x03, 0x00, 0x00, 0x00,                   // mov $3, %eax
        0xba, 0x04, 0x00, 0x00, 0x00,                   // mov $4, %edx
        0xc4, 0xe2, 0x69, 0xf7, 0xc0,                   // shlx %edx, %eax, %eax
        0x83, 0xf8, 0x30, 0x75, 0x0c,                   // cmp $48, %eax; jne 3f
        0xb9, 0x00, 0x00, 0x80, 0x00,                   // 1: mov $0x800000, %ecx
        0x49, 0x75, 0xfd,                               // 2: dec %ecx; jnz 2b
        0xb0, 0x2a, 0xe6, ExitPort,                     // mov $0x2a, %al; out %al, $0xf4
        0xf4, 0xeb, 0xfd,                               // 3: hlt; jmp 3b
    ];

    private static ReadOnlySpan<byte> DescriptorTable =>
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // null
        0xff, 0xff, 0x00, 0x00, 0x00, 0x9b, 0xcf, 0x00, // 8: flat code
        0xff, 0xff, 0x00, 0x00, 0x00, 0x93, 0xcf, 0x00, // 16: flat data
        0x17, 0x00, 0x58, 0xff, 0xff, 0xff,             // gdtr: limit 23, base 0xffffff58
    ];

    /// <summary>jmp 0xff00, where an x86 begins.</summary>
    private static ReadOnlySpan<byte> ResetVector => [0xe9, 0x0d, 0xff];

    public static byte[] Make()
    {
        var image = new byte[Size];
        Code.CopyTo(image.AsSpan(CodeAt));
        DescriptorTable.CopyTo(image.AsSpan(CodeAt + 0x58));
        Rest.CopyTo(image.AsSpan(CodeAt + 0x78));
        ResetVector.CopyTo(image.AsSpan(ResetAt));
        return image;
    }
}

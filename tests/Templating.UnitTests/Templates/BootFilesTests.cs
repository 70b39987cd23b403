using System.Text;
using Templating.Core.Linux;
using Templating.Core.Templates;
using Templating.Testing.Fakes;
using Templating.UnitTests.Store;

namespace Templating.UnitTests.Templates;

public sealed class BootFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string, byte[]> Kernels => new()
    {
        { "a bzImage", FakeBootFiles.Kernel },
        { "the oldest that takes an initrd", [.. new byte[0x202], .. "HdrS"u8, 0x00, 0x02] },
        { "a vmlinux", [0x7f, .. "ELF"u8, 2, 1] },
        { "multiboot", [.. new byte[64], 0x02, 0xb0, 0xad, 0x1b] },
    };

    public static TheoryData<string, byte[]> NoKernels => new()
    {
        { "a text", Encoding.ASCII.GetBytes(new string('x', 70_000)) },
        { "a short text", "vmlinuz is over there\n"u8.ToArray() },
        { "gzip", [0x1f, 0x8b, 8, .. new byte[2000]] },
        { "an initrd", FakeBootFiles.Initrd },
        { "zeros", new byte[70_000] },
        { "a kernel of 1994", [.. new byte[0x202], .. "HdrS"u8, 0xff, 0x01] },
        { "a header cut off", [.. new byte[0x202], .. "HdrS"u8, 0x0f] },
    };

    public static TheoryData<string, byte[]> Initrds => new()
    {
        { "cpio", FakeBootFiles.Initrd },
        { "cpio with checksums", "070702"u8.ToArray() },
        { "cpio after NULs", [.. new byte[512], .. "070701"u8] },
        { "gzip", [0x1f, 0x8b, 8] },
        { "xz", [0xfd, .. "7zXZ"u8, 0] },
        { "zstd", [0x28, 0xb5, 0x2f, 0xfd] },
        { "lz4", [0x02, 0x21, 0x4c, 0x18] },
        { "squashfs", "hsqs"u8.ToArray() },
        { "ext2", [.. new byte[1024 + 0x38], 0x53, 0xef] },
    };

    public static TheoryData<string, byte[]> NoInitrds => new()
    {
        { "a text", "#!/bin/sh\n"u8.ToArray() },
        { "a kernel", [(byte)'M', (byte)'Z', .. new byte[0x200], .. "HdrS"u8, 0x0f, 0x02] },
        { "zeros", new byte[70_000] },
        { "a tar", [.. "bin/"u8, .. new byte[508]] },
        { "cpio cut short", "07070"u8.ToArray() },
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Kernels))]
    public void WhatQemuBootsIsAKernel(string what, byte[] content) => Kernel(content).ShouldBeNull(what);

    [Theory, MemberData(nameof(NoKernels))]
    public void WhatIsNoneIsToldByWhatItBeginsWith(string what, byte[] content) => Kernel(content).ShouldNotBeNull(what).ShouldContain("'file'", customMessage: what);

    [Theory, MemberData(nameof(Initrds))]
    public void WhatAKernelUnpacksOrMountsIsAnInitrd(string what, byte[] content) => Initrd(content).ShouldBeNull(what);

    [Theory, MemberData(nameof(NoInitrds))]
    public void WhatNoKernelUnpacksIsToldByWhatItBeginsWith(string what, byte[] content) => Initrd(content).ShouldNotBeNull(what).ShouldContain("begins with", customMessage: what);

    private string? Kernel(byte[] content) => Find(content, BootFiles.KernelProblem);

    private string? Initrd(byte[] content) => Find(content, BootFiles.InitrdProblem);

    private string? Find(byte[] content, Func<string, Microsoft.Win32.SafeHandles.SafeFileHandle, string?> find)
    {
        var path = _folder.At("file");
        File.WriteAllBytes(path, content);
        using var file = FileSystem.Open(path, LibC.OpenReadOnly);
        return find("file", file);
    }
}

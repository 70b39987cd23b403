using Templating.Core.Machines;
using Templating.Qemu.Memory;
using Templating.Testing;

namespace Templating.UnitTests.Qemu;

public sealed class BoundFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private VmFolder Folder => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatWasWrittenIsRead()
    {
        GuestFile[] files =
        [
            new("/ram", MemoryRole.CloneRam, new FileIdentity(0xfe, 0, 12345)),
            new("/image0", MemoryRole.Image, new FileIdentity(0, 0x2a, ulong.MaxValue)),
        ];

        BoundFiles.Write(Folder, files);

        BoundFiles.Read(Folder).ShouldBe(files);
        File.GetUnixFileMode(Folder.Memory).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void WhereThereIsNoneTheCommandLineSaysIt() => BoundFiles.Read(Folder).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("CloneRam")]
    [InlineData("CloneRam fe:0 x /ram")]
    [InlineData("CloneRam fe 1 /ram")]
    [InlineData("Other fe:0 1 /ram")]
    [InlineData("17 fe:0 1 /ram")]
    public void LineThatIsNoneIsLeftOut(string line)
    {
        _folder.Write("memory", line + "\nImage 8:1 7 /image0\n");

        BoundFiles.Read(Folder).ShouldBe([new GuestFile("/image0", MemoryRole.Image, new FileIdentity(8, 1, 7))]);
    }
}

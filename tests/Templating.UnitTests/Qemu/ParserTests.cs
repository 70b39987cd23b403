using CsCheck;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Console;
using Templating.Qemu.Memory;
using Templating.Qemu.Probing;

namespace Templating.UnitTests.Qemu;

public sealed class ParserTests
{
    private static readonly IReadOnlyList<GuestFile> Files =
        [new("/store/my memory", MemoryRole.CloneRam), new("/store/image", MemoryRole.Image)];

    [Fact]
    public void SmapsAreAddedUpByRole()
    {
        var memory = MemoryReader.Parse(new StringReader("""
            7f0000000000-7f0010000000 rw-p 00000000 fe:00 12345      /store/my memory
            Rss:                1000 kB
            Pss:                 600 kB
            Shared_Clean:        700 kB
            Private_Dirty:       300 kB
            Anonymous:           300 kB
            VmFlags: rd wr mr mw me dc ac
            7f0020000000-7f0021000000 r--s 00000000 fe:00 12346      /store/image
            Rss:                 100 kB
            Pss:                  50 kB
            Shared_Clean:        100 kB
            Anonymous:             0 kB
            7f0030000000-7f0031000000 rw-p 00000000 00:00 0
            Rss:                  10 kB
            Pss:                  10 kB
            Private_Dirty:        10 kB
            Anonymous:            10 kB
            7f0040000000-7f0042000000 rwxp 00000000 00:00 0
            Rss:                  20 kB
            Pss:                  20 kB
            Private_Dirty:        20 kB
            Anonymous:            20 kB
            7f0050000000-7f0051000000 r-xp 00000000 fe:00 99         /usr/bin/qemu-system-x86_64
            Rss:                   8 kB
            Pss:                   8 kB
            Private_Clean:         8 kB
            Anonymous:             0 kB
            """), Files);

        memory.ShouldBe(new VmMemory(1138 * 1024, 688 * 1024, 800 * 1024, 338 * 1024, 300 * 1024, 0)
        {
            // Of the RAM what it has not written, and the image: that is what others map as well.
            FilesResident = 800 * 1024,
            FilesProportional = 350 * 1024,
            TranslatedCode = 20 * 1024,
            QemuPrivate = 18 * 1024,
        });
    }

    [Fact]
    public void SmapsLongerThanAnyBufferAreAddedUpWhole()
    {
        var one = "7f0000000000-7f0010000000 rw-p 00000000 fe:00 12345      /store/my memory\nRss:      4 kB\nAnonymous:   1 kB\n";

        var memory = MemoryReader.Parse(new StringReader(string.Concat(Enumerable.Repeat(one, 5000))), Files);

        memory.Resident.ShouldBe(5000 * 4 * 1024);
        memory.RamPrivate.ShouldBe(5000 * 1024);
    }

    [Theory]
    [InlineData("rw-p", "r--s", null)]
    [InlineData("rw-p", "r--p", null)]
    [InlineData("rw-s", "r--s", "/store/my memory")]
    [InlineData("r--p", "r--s", "/store/my memory")]
    [InlineData("rw-p", "rw-p", "/store/image")]
    [InlineData("rw-p", "rw-s", "/store/image")]
    public void MappingThatBreaksItsPromiseIsNamed(string ram, string image, string? culprit)
    {
        string[] maps = [$"7f00-7f10 {ram} 00000000 fe:00 1   /store/my memory", $"7f20-7f30 {image} 00000000 fe:00 2   /store/image"];

        if (culprit is null)
        {
            MappingCheck.Verify(maps, Files);
            return;
        }

        var error = Should.Throw<TemplatingException>(() => MappingCheck.Verify(maps, Files));
        error.Code.ShouldBe(ErrorCode.IsolationViolated);
        error.Message.ShouldContain(culprit);
    }

    [Fact]
    public void FileThatIsNotMappedAtAllIsAViolationToo() =>
        Should.Throw<TemplatingException>(() => MappingCheck.Verify(["7f00-7f10 rw-p 00000000 fe:00 1   /store/my memory"], Files))
            .Message.ShouldContain("/store/image");

    [Theory]
    [InlineData("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)\nCopyright", "10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)")]
    [InlineData("QEMU emulator version 8.2.0\n", "8.2.0")]
    [InlineData("QEMU emulator version 9.1.50 (v9.1.0-500-gabc)\n", "9.1.50 (v9.1.0-500-gabc)")]
    public void VersionIsRead(string output, string text) => QemuVersion.Parse("qemu", output).Text.ShouldBe(text);

    [Theory]
    [InlineData("QEMU emulator version 7.2.11 (Debian 1:7.2)", ErrorCode.QemuTooOld)]
    [InlineData("QEMU emulator version 8.1.9", ErrorCode.QemuTooOld)]
    [InlineData("hello", ErrorCode.QemuMissing)]
    [InlineData("", ErrorCode.QemuMissing)]
    public void OtherVersionsAreRefused(string output, ErrorCode code) =>
        Should.Throw<TemplatingException>(() => QemuVersion.Parse("qemu", output)).Code.ShouldBe(code);

    [Fact]
    public void ForwardsAreReadFromInfoUsernet() => UserNetwork.ParseForwards("""
        Hub -1 (net0):
          Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
          TCP[HOST_FORWARD]  13       127.0.0.1 38407       10.0.2.15    80     0     0
          TCP[ESTABLISHED]   14       127.0.0.1 38407       10.0.2.15    80     0     0
        """).ShouldBe([new PortForward(80, 38407)]);

    [Fact]
    public void TimesAreFoundBehindANameFullOfBrackets()
    {
        const string Stat = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 9876 20";
        ProcessStat.ParseStartTime(Stat).ShouldBe(9876);
        ProcessStat.ParseCpuTime(Stat).ShouldBe(TimeSpan.FromMilliseconds((11 + 12) * 10));
        ProcessStat.ParseCpuTime("12 (a) S 1 2").ShouldBeNull();
    }

    [Fact]
    public void AdoptedFilesUndoTheDoubledCommas() => AdoptedFiles.Parse(
            ["-object", "memory-backend-file,id=ram,size=1,mem-path=/a,,b/memory,share=off,readonly=on,rom=off"])
        .ShouldBe([new GuestFile("/a,b/memory", MemoryRole.CloneRam)]);

    [Fact]
    public void OfAPanicItsBeginningIsQuotedAndWhatWasPrintedBeforeIt()
    {
        var console = System.Text.Encoding.ASCII.GetBytes(
            new string('x', 60_000) + "\ninitrd: cannot mount\nKernel panic - not syncing\n" + new string('t', 4_000));

        var excerpt = ConsoleText.Excerpt(console);

        excerpt.ShouldContain("initrd: cannot mount\nKernel panic - not syncing");
        excerpt.Length.ShouldBeLessThanOrEqualTo(ConsoleText.MessageBytes);
    }

    [Fact]
    public void ConsoleTextCannotCommandATerminal() =>
        ConsoleText.Clean("a\u001b]0;x\u0007\r\nb\u009b"u8).ShouldBe("a]0;x\nb");

    [Fact]
    public void ParsersTakeAnything() => Gen.String.Sample(text =>
    {
        _ = Mapping.Parse(text);
        _ = ProcessStat.ParseStartTime(text);
        _ = ProcessStat.ParseCpuTime(text);
        _ = UserNetwork.ParseForwards(text);
        _ = AdoptedFiles.Parse(["memory-backend-file," + text]);
        _ = MemoryReader.Parse(new StringReader(text), Files);
        try
        {
            _ = QemuVersion.Parse("qemu", text);
        }
        catch (TemplatingException)
        {
            // The only one allowed.
        }
    });
}

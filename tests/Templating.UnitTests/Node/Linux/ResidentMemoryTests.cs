using Templating.Node.Linux;

namespace Templating.UnitTests.Node.Linux;

public sealed class ResidentMemoryTests
{
    [Fact]
    public void OnlyMappingsOfFilesThatNothingWasWrittenToAreGivenBack()
    {
        string[] smaps =
        [
            "00400000-00500000 r-xp 00001000 08:01 12  /usr/bin/templating", "Rss: 8 kB", "Anonymous:             0 kB", "VmFlags: rd ex",
            "00500000-00510000 r--p 00001000 08:01 12  /usr/bin/templating", "Rss: 8 kB", "Anonymous:            12 kB",
            "00510000-00520000 rw-p 00001000 08:01 12  /usr/bin/templating", "Rss: 8 kB", "Anonymous:             0 kB",
            "00600000-00700000 r--p 00000000 00:00 0 ", "Anonymous:             0 kB",
            "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]", "Anonymous:             0 kB",
        ];

        ResidentMemory.Clean(smaps).ShouldBe([((nuint)0x400000, (nuint)0x100000)]);
    }

    [Fact]
    public void AProcessThatGaveBackGoesOn()
    {
        ResidentMemory.GiveBack();

        string.Join(' ', Enumerable.Range(0, 3)).ShouldBe("0 1 2");
    }
}

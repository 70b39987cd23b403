using CsCheck;
using Templating.Qemu.Console;

namespace Templating.UnitTests.Qemu;

public sealed class ConsoleLogTests
{
    [Fact]
    public void TheTailIsTheEndOfWhatWasPrintedHoweverItCame() => Gen.Byte.Array[0, 9000].Array[0, 30].Sample(pieces =>
    {
        var log = new ConsoleLog();
        foreach (var piece in pieces)
        {
            log.Add(piece);
        }

        log.ReadTail().ShouldBe(pieces.SelectMany(p => p).TakeLast(ConsoleLog.TailBytes));
    }, iter: 50);

    [Fact]
    public void AReaderGetsAllOfWhatIsPrintedWhileItIsNotTooFarBehind() => Gen.Byte.Array[1, 9000].Array[1, 28].Sample(pieces =>
    {
        var log = new ConsoleLog();
        log.Add(new byte[60_000]);
        var place = log.Enter();
        foreach (var piece in pieces)
        {
            log.Add(piece);
        }

        log.End();
        var read = new List<byte>();
        while (log.TryRead(ref place, 1000, out _) is { Length: > 0 } bytes)
        {
            read.AddRange(bytes);
        }

        read.ShouldBe(pieces.SelectMany(p => p));
    }, iter: 50);

    [Fact]
    public void ThousandReadersThatDoNotReadCostNothingAndLoseTheOldestBytes()
    {
        var log = new ConsoleLog();
        var places = Enumerable.Range(0, 1000).Select(_ => log.Enter()).ToArray();
        for (var i = 0; i < 1000; i++)
        {
            log.Add(Enumerable.Repeat((byte)i, 4096).ToArray());
        }

        log.HeldBytes.ShouldBe(ConsoleLog.ReadBytes);
        log.TryRead(ref places[7], 1, out _).ShouldBe([unchecked((byte)(1000 - (ConsoleLog.ReadBytes / 4096)))]);

        Array.ForEach(places, _ => log.Leave());
        log.HeldBytes.ShouldBe(ConsoleLog.TailBytes);
        log.ReadTail().ShouldBe(Enumerable.Range(0, 16).SelectMany(i => Enumerable.Repeat(unchecked((byte)(984 + i)), 4096)));
    }

    [Fact]
    public void AConsoleThatPrintedLittleCostsLittle()
    {
        var log = new ConsoleLog();
        log.HeldBytes.ShouldBe(0);
        log.Add("login: "u8);

        log.HeldBytes.ShouldBe(7);
    }

    [Fact]
    public async Task AReaderWaitsForMoreAndIsToldOfTheEnd()
    {
        var log = new ConsoleLog();
        var place = log.Enter();
        log.TryRead(ref place, 10, out var more).ShouldBeNull();
        more.IsCompleted.ShouldBeFalse();

        log.Add("a"u8);
        await more.WaitAsync(TimeSpan.FromSeconds(10));
        log.TryRead(ref place, 10, out _).ShouldBe("a"u8.ToArray());

        log.TryRead(ref place, 10, out more).ShouldBeNull();
        log.End();
        await more.WaitAsync(TimeSpan.FromSeconds(10));
        log.TryRead(ref place, 10, out _).ShouldBe([]);
    }
}

using CsCheck;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;
using Templating.Testing;

namespace Templating.UnitTests.Qemu;

public sealed class OutputBufferTests
{
    [Fact]
    public async Task WhatGoesInComesOutInOrderWhateverItsPieces() =>
        await Gen.Select(Gen.Bool, Gen.Byte.Array[1, 12_000]).Array[0, 40].SampleAsync(async pieces =>
        {
            var buffer = new OutputBuffer();
            foreach (var (standardError, bytes) in pieces)
            {
                buffer.Add(standardError, bytes);
            }

            buffer.Complete(new ExecExited(3, null));
            var read = await ReadAsync(buffer);

            read[^1].ShouldBe(new ExecExited(3, null));
            Of(read, standardError: true).ShouldBe(pieces.Where(p => p.Item1).SelectMany(p => p.Item2));
            Of(read, standardError: false).ShouldBe(pieces.Where(p => !p.Item1).SelectMany(p => p.Item2));
        }, iter: 50);

    [Fact]
    public void AWindowOfSingleBytesCostsAFewTimesItsBytes()
    {
        var buffer = new OutputBuffer();
        for (var i = 0; i < GuestExec.Window; i++)
        {
            buffer.Add(standardError: i % 2 == 0, [1]);
        }

        buffer.HeldBytes.ShouldBeLessThanOrEqualTo(2 * GuestExec.Window * (1 + OutputBuffer.RecordBytes));
        buffer.Drop().ShouldBe(GuestExec.Window);
        buffer.HeldBytes.ShouldBe(0);
        buffer.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public void WhatIsReadMakesRoomWithoutGrowth()
    {
        var buffer = new OutputBuffer();
        for (var i = 0; i < 10_000; i++)
        {
            buffer.Add(standardError: i % 2 == 0, new byte[100]);
            if (i > 0)
            {
                buffer.TryRead(out _).ShouldBeTrue();
            }
        }

        buffer.HeldBytes.ShouldBeLessThan(2000);
    }

    [Fact]
    public async Task AFaultComesAfterWhatWasThereBefore()
    {
        var buffer = new OutputBuffer();
        buffer.Add(standardError: false, "x"u8);
        buffer.Fail(new TemplatingException(ErrorCode.GuestAgentFailed, "gone"));
        await using var reading = buffer.ReadAllAsync(CancellationToken.None).GetAsyncEnumerator();

        (await reading.MoveNextAsync()).ShouldBeTrue();
        (await Should.ThrowAsync<TemplatingException>(reading.MoveNextAsync().AsTask().Soonest())).Message.ShouldBe("gone");
    }

    private static async Task<List<ExecOutput>> ReadAsync(OutputBuffer buffer)
    {
        var read = new List<ExecOutput>();
        await foreach (var output in buffer.ReadAllAsync(CancellationToken.None))
        {
            read.Add(output);
        }

        return read;
    }

    private static IEnumerable<byte> Of(IEnumerable<ExecOutput> outputs, bool standardError) => outputs.SelectMany(output => output switch
    {
        ExecStandardError e when standardError => e.Bytes.ToArray(),
        ExecStandardOutput o when !standardError => o.Bytes.ToArray(),
        _ => [],
    });
}

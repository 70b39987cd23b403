using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Templating.Node.Admission;
using Templating.Testing;

namespace Templating.UnitTests.Node.Admission;

public sealed class MeteredBodyTests
{
    private readonly Shares _shares = new(perCaller: 100, total: 1000);
    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0));

    [Fact]
    public async Task AMessageThatIsNotWholeYetIsPaidForByItsCaller()
    {
        using var body = Body(isKept: false);
        await _pipe.Writer.WriteAsync(new byte[100]);
        var read = await body.ReadAsync();
        body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        _shares.TryTake("me", Standing.Tenant, 1).ShouldBeFalse();
        await _pipe.Writer.WriteAsync(new byte[1]);

        (await Should.ThrowAsync<RpcException>(body.ReadAsync().AsTask().Soonest())).StatusCode.ShouldBe(StatusCode.ResourceExhausted);
    }

    [Theory]
    [InlineData(false, 100)]
    [InlineData(true, 40)]
    public async Task WhatWasReadIsFreeAgainButForACallOfOneMessage(bool isKept, int free)
    {
        using (var body = Body(isKept))
        {
            await _pipe.Writer.WriteAsync(new byte[60]);
            var read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);

            _shares.TryTake("me", Standing.Tenant, free).ShouldBeTrue();
            _shares.TryTake("me", Standing.Tenant, 1).ShouldBeFalse();
            _shares.Return("me", Standing.Tenant, free);
        }

        _shares.Holders.ShouldBe(0);
    }

    [Fact]
    public async Task AFirstMessageThatDoesNotComeIsNotWaitedFor()
    {
        using var body = Body(isKept: false);
        var reading = body.ReadAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(9));
        reading.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<RpcException>(reading.Soonest())).StatusCode.ShouldBe(StatusCode.InvalidArgument);
    }

    [Fact]
    public async Task LaterMessagesMayTakeTheirTime()
    {
        using var body = Body(isKept: false);
        await _pipe.Writer.WriteAsync(new byte[1]);
        body.AdvanceTo((await body.ReadAsync()).Buffer.End);
        var reading = body.ReadAsync().AsTask();
        _time.Advance(TimeSpan.FromHours(1));
        reading.IsCompleted.ShouldBeFalse();
        await _pipe.Writer.WriteAsync(new byte[2]);

        (await reading.Soonest()).Buffer.Length.ShouldBe(2);
    }

    private MeteredBody Body(bool isKept) => new(_pipe.Reader, new Share(_shares, "me", Standing.Tenant), isKept, _time);
}

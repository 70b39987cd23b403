using System.Buffers.Binary;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>Connections to a pod's loopback, and what is asked for a pod as a whole.</summary>
public sealed class ConnectionTests : IAsyncDisposable
{
    private readonly OwnerPortConnection _host;
    private readonly ScriptedGuest _guest;

    public ConnectionTests() => (_host, _guest) = ScriptedGuest.Begin();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _guest.Dispose();
    }

    [Fact]
    public async Task AConnectionIsAskedForByItsPortAndCarriesBytesUntilTheProgramEndsIt()
    {
        var connection = await ConnectAsync(8080);

        (await connection.WriteAsync("ask"u8.ToArray(), CancellationToken.None).Soonest()).ShouldBeTrue();
        (await _guest.ReadAsync(FrameType.Input)).Payload.ShouldBe("ask"u8.ToArray());
        await connection.EndWritingAsync(CancellationToken.None).Soonest();
        await _guest.ReadAsync(FrameType.InputEnd);
        await _guest.SendAsync(FrameType.Output, 1, "told"u8.ToArray());
        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(104));

        using var all = new MemoryStream();
        await connection.Output.CopyToAsync(all, CancellationToken.None).Soonest();
        all.ToArray().ShouldBe("told"u8.ToArray());
        (await connection.Ended.Soonest()).Code.ShouldBe(104);
        (await Should.ThrowAsync<GuestRefusedException>(connection.ResetAsync(CancellationToken.None).Soonest())).Errno.ShouldBe(3u);
    }

    [Fact]
    public async Task AConnectionThatIsResetIsKilledInTheGuest()
    {
        var connection = await ConnectAsync(1);

        var resetting = connection.ResetAsync(CancellationToken.None);

        (await _guest.AnswerAsync(FrameType.Signal, FrameType.Done)).ShouldBe((byte[])[1, 0, 0, 0, 9, 0]);
        await resetting.Soonest();
    }

    [Fact]
    public async Task WhereNobodyListensItIsRefused()
    {
        var connecting = _host.ConnectToPodAsync(65535, CancellationToken.None);

        (await _guest.AnswerAsync(FrameType.Connect, FrameType.Error, [.. ScriptedGuest.Number(111), .. "refused"u8])).ShouldBe((byte[])[0xFF, 0xFF]);

        (await Should.ThrowAsync<GuestRefusedException>(connecting.Soonest())).Errno.ShouldBe(111u);
        await Should.ThrowAsync<ArgumentException>(() => _host.ConnectToPodAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task NoMoreConnectionsAreOpenThanAGuestHasAndProcessesAreNotAmongThem()
    {
        var open = new List<GuestConnection>();
        for (ushort port = 1; port <= 32; port++)
        {
            open.Add(await ConnectAsync(port));
        }

        (await Should.ThrowAsync<GuestRefusedException>(_host.ConnectToPodAsync(33, CancellationToken.None).Soonest())).Errno.ShouldBe(11u);
        (await _guest.StartAsync(_host)).GuestPid.ShouldBe(77u);
        await _guest.SendAsync(FrameType.Exit, 5, ScriptedGuest.Exit(0));
        // What a guest must not say on a connection's stream is kept by nobody.
        await _guest.SendAsync(FrameType.ErrorOutput, 6, new byte[16_384]);
        await _guest.SendAsync(FrameType.Exit, 6, ScriptedGuest.Exit(0));
        await Task.WhenAll(open[4].Ended, open[5].Ended).Soonest();
        await ConnectAsync(34);
    }

    [Fact]
    public async Task OtherLimitsAreAskedForFieldByFieldAndWhatIsNotSaidStays()
    {
        var limits = new ContainerLimits { MemoryBytes = 1 << 20, CpuQuota = 0, CpuPeriod = 50_000, Processes = 7 };
        var updating = _host.UpdateAsync("one", limits, CancellationToken.None);

        var asked = await _guest.AnswerAsync(FrameType.Update, FrameType.Done);

        await updating.Soonest();
        asked.AsSpan(0, 5).ToArray().ShouldBe((byte[])[3, 0, .. "one"u8]);
        Enumerable.Range(0, 5).Select(i => BinaryPrimitives.ReadUInt64LittleEndian(asked.AsSpan(5 + (8 * i))))
            .ShouldBe([1 << 20, 0, 50_000, ulong.MaxValue, 7]);
        asked.Length.ShouldBe(45);
    }

    public static TheoryData<ContainerLimits> NoLimits() =>
    [
        new ContainerLimits { MemoryBytes = -1 },
        new ContainerLimits { CpuQuota = 999, CpuPeriod = 1000 },
        new ContainerLimits { CpuQuota = 1000, CpuPeriod = 999 },
        new ContainerLimits { CpuQuota = 1000, CpuPeriod = 1_000_001 },
        new ContainerLimits { CpuQuota = 1000 },
        new ContainerLimits { CpuPeriod = 1000 },
        new ContainerLimits { CpuWeight = 0 },
        new ContainerLimits { CpuWeight = 10_001 },
        new ContainerLimits { Processes = -1 },
    ];

    [Theory]
    [MemberData(nameof(NoLimits))]
    public async Task WhatIsNoLimitIsNotAskedFor(ContainerLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        await Should.ThrowAsync<ArgumentException>(() => _host.UpdateAsync("one", limits, CancellationToken.None));
    }

    [Fact]
    public async Task AnOlderGuestSaysThatItHasNoSharedProcesses()
    {
        var sharing = _host.ShareProcessesAsync(CancellationToken.None);

        (await _guest.AnswerAsync(FrameType.Processes, FrameType.Error, [.. ScriptedGuest.Number(71), .. "Unknown frame type 18"u8])).ShouldBeEmpty();

        (await Should.ThrowAsync<GuestRefusedException>(sharing.Soonest())).Errno.ShouldBe(71u);
    }

    private async Task<GuestConnection> ConnectAsync(ushort port)
    {
        var connecting = _host.ConnectToPodAsync(port, CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Connect, FrameType.Started, ScriptedGuest.Number(0))).ShouldBe((byte[])[(byte)port, (byte)(port >> 8)]);
        return await connecting.Soonest();
    }
}

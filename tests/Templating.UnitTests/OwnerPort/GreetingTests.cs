using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>How a conversation with a guest begins.</summary>
public sealed class GreetingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly FakeTimeProvider _clock = new();

    public GreetingTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder["port"]));
        _listener.Listen();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AGuestThatWelcomesTheHostsNonceIsConnected()
    {
        var connecting = ConnectAsync();
        using var guest = await AcceptAsync();
        var (stream, hello) = await guest.ReadAsync(FrameType.Hello);

        await guest.SendAsync(FrameType.Welcome, 0, Welcome(hello));

        await using var host = await connecting.Soonest();
        (stream, guest.Padding, hello.Length).ShouldBe((0u, 0, 26));
        hello[..10].ShouldBe((byte[])[.. "TGOWNER1"u8, 1, 0]);
        host.Limits.ShouldBe(new GuestLimits(1_114_112, 64, 262_144, 65_536));
    }

    [Fact]
    public async Task WhatIsLeftOfAConversationBeforeIsDroppedAndWhatFollowsTheWelcomeIsNot()
    {
        var connecting = ConnectAsync();
        using var guest = await AcceptAsync();
        var (_, hello) = await guest.ReadAsync(FrameType.Hello);
        var welcome = ScriptedGuest.Frame(FrameType.Welcome, 0, Welcome(hello));
        var other = ScriptedGuest.Frame(FrameType.Welcome, 0, Welcome(new byte[26]));

        await guest.SendAsync([.. new byte[30_000], .. other, .. Enumerable.Repeat((byte)0xFF, 50_000)]);
        foreach (var one in welcome)
        {
            await guest.SendAsync([one]);
        }

        await guest.SendAsync(FrameType.Error, 0, [.. ScriptedGuest.Number(5), .. "first words"u8]);
        await using var host = await connecting.Soonest();
        (await host.Ended.Soonest()).Message.ShouldContain("first words");
    }

    [Fact]
    public async Task ASilentPortIsOpenedAnewAndTheHalfFrameOfAPredecessorEndedByZeros()
    {
        var connecting = ConnectAsync();
        using var silent = await AcceptAsync();
        await silent.ReadAsync(FrameType.Hello);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        connecting.IsCompleted.ShouldBeFalse();

        _clock.Advance(TimeSpan.FromSeconds(0.2));

        (await silent.IsLeftAsync()).ShouldBeTrue();
        using var guest = await AcceptAsync();
        var (_, hello) = await guest.ReadAsync(FrameType.Hello);
        guest.Padding.ShouldBe(1_114_121);
        await guest.SendAsync(FrameType.Welcome, 0, Welcome(hello));
        await using var host = await connecting.Soonest();
    }

    [Fact]
    public async Task APortThatStaysSilentIsGivenUpInTime()
    {
        var connecting = ConnectAsync();
        foreach (var seconds in (int[])[5, 10, 60])
        {
            using var guest = await AcceptAsync();
            await guest.ReadAsync(FrameType.Hello);
            _clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        (await Should.ThrowAsync<OwnerPortException>(connecting.Soonest())).Message.ShouldContain("did not answer to HELLO, by 3 connections");
    }

    [Fact]
    public async Task AGuestThatReadsNothingHoldsUpNobodyForLongerThanThat()
    {
        var connecting = ConnectAsync();
        using var silent = await AcceptAsync();
        await silent.ReadAsync(FrameType.Hello);
        _clock.Advance(TimeSpan.FromSeconds(5));
        // Of the zeros more are sent than a socket holds.
        using var stuck = await AcceptAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));
        using var guest = await AcceptAsync();
        var (_, hello) = await guest.ReadAsync(FrameType.Hello);

        await guest.SendAsync(FrameType.Welcome, 0, Welcome(hello));

        await using var host = await connecting.Soonest();
    }

    [Theory]
    [InlineData(1, 1_114_112u, 64u, 262_144u, 65_536u, null)]
    [InlineData(1, 4096u, 1u, 4096u, 4096u, null)]
    [InlineData(2, 1_114_112u, 64u, 262_144u, 65_536u, "version 2")]
    [InlineData(0, 1_114_112u, 64u, 262_144u, 65_536u, "version 0")]
    [InlineData(1, 1_114_113u, 64u, 262_144u, 65_536u, "1114113 for its largest payload")]
    [InlineData(1, 4095u, 64u, 262_144u, 65_536u, "4095 for its largest payload")]
    [InlineData(1, 1_114_112u, 65u, 262_144u, 65_536u, "65 for its number of processes")]
    [InlineData(1, 1_114_112u, 0u, 262_144u, 65_536u, "0 for its number of processes")]
    [InlineData(1, 1_114_112u, 64u, 262_145u, 65_536u, "262145 for its window of output")]
    [InlineData(1, 1_114_112u, 64u, 4095u, 65_536u, "4095 for its window of output")]
    [InlineData(1, 1_114_112u, 64u, 262_144u, 65_537u, "65537 for its window of input")]
    [InlineData(1, 1_114_112u, 64u, 262_144u, uint.MaxValue, "4294967295 for its window of input")]
    public async Task AGuestsLimitsAreThoseOfTheProtocolOrSmaller(int version, uint payload, uint processes, uint output, uint input, string? fault)
    {
        var connecting = ConnectAsync();
        using var guest = await AcceptAsync();
        var (_, hello) = await guest.ReadAsync(FrameType.Hello);

        await guest.SendAsync(FrameType.Welcome, 0, Welcome(hello, (byte)version, payload, processes, output, input));

        if (fault is null)
        {
            await using var host = await connecting.Soonest();
            host.Limits.ShouldBe(new GuestLimits((int)payload, (int)processes, (int)output, (int)input));
            return;
        }

        (await Should.ThrowAsync<OwnerPortException>(connecting.Soonest())).Message.ShouldContain(fault);
        (await guest.IsLeftAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task APortThatClosesOrIsNotThereIsToldAtOnce()
    {
        var connecting = ConnectAsync();
        using (var guest = await AcceptAsync())
        {
            await guest.ReadAsync(FrameType.Hello);
        }

        (await Should.ThrowAsync<OwnerPortException>(connecting.Soonest())).Message.ShouldContain("closed before");
        (await Should.ThrowAsync<OwnerPortException>(OwnerPortConnection.ConnectAsync(_folder["none"], null, CancellationToken.None).Soonest()))
            .Message.ShouldContain(_folder["none"]);
    }

    [Fact]
    public async Task WhoConnectsMayGiveUp()
    {
        using var away = new CancellationTokenSource();
        var connecting = OwnerPortConnection.ConnectAsync(_folder["port"], new OwnerPortOptions { Clock = _clock }, away.Token);
        using var guest = await AcceptAsync();
        await guest.ReadAsync(FrameType.Hello);

        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(connecting.Soonest());
        (await guest.IsLeftAsync()).ShouldBeTrue();
    }

    public static TheoryData<OwnerPortOptions, bool> Options() => new()
    {
        { new OwnerPortOptions { RequestTimeout = TimeSpan.FromDays(1), GreetingTimeouts = [.. Enumerable.Repeat(TimeSpan.FromTicks(1), 16)] }, true },
        { new OwnerPortOptions { RequestTimeout = TimeSpan.Zero }, false },
        { new OwnerPortOptions { RequestTimeout = Timeout.InfiniteTimeSpan }, false },
        { new OwnerPortOptions { RequestTimeout = TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) }, false },
        { new OwnerPortOptions { GreetingTimeouts = [] }, false },
        { new OwnerPortOptions { GreetingTimeouts = [TimeSpan.Zero] }, false },
        { new OwnerPortOptions { GreetingTimeouts = [.. Enumerable.Repeat(TimeSpan.FromTicks(1), 17)] }, false },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public async Task EveryTimeHasItsLimits(OwnerPortOptions options, bool fine)
    {
        // Where the options are fine, the port is not there.
        var error = await Should.ThrowAsync<Exception>(OwnerPortConnection.ConnectAsync(_folder["none"], options, CancellationToken.None).Soonest());

        error.GetType().ShouldBe(fine ? typeof(OwnerPortException) : typeof(ArgumentException));
    }

    [Fact]
    public async Task APortForWhichOthersWaitAlreadySaysSo()
    {
        _listener.Listen(0);
        using var first = await OpenAsync();

        (await Should.ThrowAsync<OwnerPortException>(ConnectAsync().Soonest())).Message.ShouldContain("others wait");

        async Task<Socket> OpenAsync()
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder["port"]));
            return socket;
        }
    }

    private static byte[] Welcome(
        byte[] hello, byte version = 1, uint payload = 1_114_112, uint processes = 64, uint output = 262_144, uint input = 65_536) =>
    [
        .. hello[10..], version, 0, .. ScriptedGuest.Number(payload), .. ScriptedGuest.Number(processes), .. ScriptedGuest.Number(output), .. ScriptedGuest.Number(input),
    ];

    private Task<OwnerPortConnection> ConnectAsync() =>
        OwnerPortConnection.ConnectAsync(_folder["port"], new OwnerPortOptions { Clock = _clock }, CancellationToken.None);

    private async Task<ScriptedGuest> AcceptAsync() => new(await _listener.AcceptAsync().Soonest());
}

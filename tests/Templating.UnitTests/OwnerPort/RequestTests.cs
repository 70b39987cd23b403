using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Time.Testing;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>What a guest is asked, byte for byte, and what it may answer.</summary>
public sealed class RequestTests : IAsyncDisposable
{
    private static readonly RootMount Root = new() { Name = "one", UpperMemoryBytes = 1 << 20 };

    private readonly FakeTimeProvider _clock = new();
    private readonly OwnerPortConnection _host;
    private readonly ScriptedGuest _guest;

    public RequestTests() => (_host, _guest) = ScriptedGuest.Begin(options: new OwnerPortOptions { Clock = _clock });

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _guest.Dispose();
    }

    [Fact]
    public async Task ARootIsMountedByItsDevicesAndItsPathIsTold()
    {
        var mounting = _host.MountAsync(
            new RootMount { Name = "one", Image = GuestDevice.AtPciAddress("0000:00:08.0"), UpperDisk = GuestDevice.WithSerial("up"), Wait = TimeSpan.FromSeconds(30) },
            CancellationToken.None);

        var asked = await _guest.AnswerAsync(FrameType.Mount, FrameType.Done, "/run/templating/roots/one/root\npmem1\nvda\ndax"u8.ToArray());

        (await mounting.Soonest()).ShouldBe(new MountedRoot("/run/templating/roots/one/root", "pmem1", "vda", Dax: true));
        asked.ShouldBe((byte[])[3, 0, .. "one"u8, 3, 12, 0, .. "0000:00:08.0"u8, 2, .. new byte[8], 2, 2, 0, .. "up"u8, .. ScriptedGuest.Number(30_000)]);
    }

    [Fact]
    public async Task TheEndOfAFileIsReadAndNoMoreThanWasAskedFor()
    {
        var reading = _host.ReadFileEndAsync(new PlacedPath("one", "a/b"), 3, CancellationToken.None);
        var asked = await _guest.AnswerAsync(FrameType.Read, FrameType.Done, "end"u8.ToArray());

        (await reading.Soonest()).ShouldBe("end"u8.ToArray());
        asked.ShouldBe((byte[])[3, 0, .. "one"u8, 3, 0, .. "a/b"u8, .. ScriptedGuest.Number(3)]);
        foreach (var most in (int[])[0, -1, 16_385])
        {
            await Should.ThrowAsync<ArgumentOutOfRangeException>(() => _host.ReadFileEndAsync(new PlacedPath("one", "a"), most, CancellationToken.None));
        }

        var more = _host.ReadFileEndAsync(new PlacedPath("one", "a"), 2, CancellationToken.None);
        await _guest.AnswerAsync(FrameType.Read, FrameType.Done, "end"u8.ToArray());
        (await Should.ThrowAsync<OwnerPortException>(() => more.Soonest())).Message.ShouldContain("3 bytes, 2 were asked for");
    }

    [Fact]
    public async Task ADeviceIsToldByItsNumbers()
    {
        var asking = _host.FindDeviceAsync(GuestDevice.AtPciAddress("0000:00:09.0"), TimeSpan.FromSeconds(2), CancellationToken.None);
        var asked = await _guest.AnswerAsync(FrameType.Device, FrameType.Done, [.. ScriptedGuest.Number(254), .. ScriptedGuest.Number(16), .. new byte[] { 0, 2, 0, 0, 0, 0, 0, 0 }]);

        (await asking.Soonest()).ShouldBe(new DeviceNumbers(254, 16, 512));
        asked.ShouldBe((byte[])[3, 12, 0, .. "0000:00:09.0"u8, .. ScriptedGuest.Number(2000)]);
    }

    /// <summary>Each ends the conversation.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(17)]
    public async Task OfADeviceNothingIsBelievedButItsNumbers(int length)
    {
        var wrong = _host.FindDeviceAsync(GuestDevice.WithSerial("x"), TimeSpan.Zero, CancellationToken.None);
        await _guest.AnswerAsync(FrameType.Device, FrameType.Done, new byte[length]);

        await Should.ThrowAsync<OwnerPortException>(() => wrong.Soonest());
    }

    [Theory]
    [InlineData("/run/templating/roots/one/root\n\n\n", true)]
    [InlineData("/run/templating/roots/two/root\n\n\n", false)]
    [InlineData("/run/templating/roots/one/root/..\n\n\n", false)]
    [InlineData("/run/templating/roots/one/root\n\n", false)]
    [InlineData("/run/templating/roots/one/root\n\n\n\n", false)]
    [InlineData("/run/templating/roots/one/root\n\n\nDAX", false)]
    [InlineData("/run/templating/roots/one/root\n../../x\n\n", false)]
    [InlineData("/run/templating/roots/one/root\npmem 1\n\n", false)]
    [InlineData("", false)]
    public async Task ARootIsWhereTheProtocolHasItAndNowhereElse(string answer, bool fine)
    {
        var mounting = _host.MountAsync(Root, CancellationToken.None);

        await _guest.AnswerAsync(FrameType.Mount, FrameType.Done, System.Text.Encoding.ASCII.GetBytes(answer));

        if (fine)
        {
            (await mounting.Soonest()).Dax.ShouldBeFalse();
            return;
        }

        (await Should.ThrowAsync<OwnerPortException>(mounting.Soonest())).Message.ShouldContain("MOUNT");
        (await _guest.IsLeftAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task ACardIsSetUpWithItsAddressesRoutesAndNeighbours()
    {
        var network = new NetworkSetup
        {
            Card = PhysicalAddress.Parse("52-54-00-AA-BB-01"),
            Mtu = 1400,
            Addresses = [new PodAddress(IPAddress.Parse("10.0.2.15"), 24), new PodAddress(IPAddress.Parse("fd00::5"), 64)],
            Routes = [new PodRoute(new PodAddress(IPAddress.Any, 0), IPAddress.Parse("10.0.2.2"), OnLink: true), new PodRoute(new PodAddress(IPAddress.Parse("192.0.2.7"), 32))],
            Neighbours = [new PodNeighbour(IPAddress.Parse("10.0.2.99"), PhysicalAddress.Parse("52-54-00-00-00-99"))],
        };
        var setting = _host.SetUpNetworkAsync(network, CancellationToken.None);

        var asked = await _guest.AnswerAsync(FrameType.Network, FrameType.Done);

        await setting.Soonest();
        asked.ShouldBe((byte[])
        [
            0x52, 0x54, 0, 0xAA, 0xBB, 1, 4, 0, .. "eth0"u8, .. ScriptedGuest.Number(1400),
            2, 4, 10, 0, 2, 15, 24, 6, 0xFD, .. new byte[14], 5, 64,
            2, 4, 0, 0, 0, 0, 0, 3, 10, 0, 2, 2, 4, 192, 0, 2, 7, 32, 0,
            1, 4, 10, 0, 2, 99, 32, 0x52, 0x54, 0, 0, 0, 0x99, .. ScriptedGuest.Number(10_000),
        ]);
    }

    [Fact]
    public async Task AFileIsPlacedInPartsAndEveryPartIsWaitedFor()
    {
        var content = new byte[(2 * 262_144) + 5];
        Random(content);
        var placing = _host.PlaceFileAsync(new PlacedPath("one", "etc/file") { Mode = 0x1A0, User = 7, Group = 8 }, new MemoryStream(content), CancellationToken.None);
        var got = new List<byte>();
        foreach (var (what, bytes) in ((byte What, int Bytes)[])[(0, 262_144), (1, 262_144), (1, 5)])
        {
            var asked = await _guest.AnswerAsync(FrameType.Place, FrameType.Done);
            asked[..28].ShouldBe((byte[])[3, 0, .. "one"u8, 8, 0, .. "etc/file"u8, what, .. ScriptedGuest.Number(0x1A0), .. ScriptedGuest.Number(7), .. ScriptedGuest.Number(8)]);
            asked.Length.ShouldBe(28 + bytes);
            got.AddRange(asked[28..]);
        }

        await placing.Soonest();
        got.SequenceEqual(content).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(262_143, 1)]
    [InlineData(262_144, 1)]
    [InlineData(262_145, 2)]
    public async Task AFileTakesNoMorePartsThanItFills(int bytes, int parts)
    {
        var placing = _host.PlaceFileAsync(new PlacedPath("one", "file"), new MemoryStream(new byte[bytes]), CancellationToken.None);
        for (var i = 0; i < parts; i++)
        {
            await _guest.AnswerAsync(FrameType.Place, FrameType.Done);
        }

        await placing.Soonest();
    }

    [Fact]
    public async Task FoldersLinksAndRemovalsArePlaced()
    {
        var placing = _host.PlaceLinkAsync(new PlacedPath("one", "a"), "b", CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Place, FrameType.Done)).ShouldBe((byte[])[3, 0, .. "one"u8, 1, 0, (byte)'a', 3, 0xA4, 1, 0, 0, .. new byte[8], (byte)'b']);
        await placing.Soonest();
        placing = _host.PlaceFolderAsync(new PlacedPath("one", "a"), CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Place, FrameType.Done))[8].ShouldBe((byte)2);
        await placing.Soonest();
        placing = _host.RemoveAsync(new PlacedPath("one", "a"), CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Place, FrameType.Done))[8].ShouldBe((byte)4);
        await placing.Soonest();
    }

    [Fact]
    public async Task WhatAContainerTookIsToldAndWhatIsNotKnownIsNot()
    {
        var counting = _host.CountAsync("one", CancellationToken.None);

        await _guest.AnswerAsync(FrameType.Stats, FrameType.Done,
            [.. Enumerable.Range(1, 13).SelectMany(i => BitConverter.GetBytes((ulong)i)), .. BitConverter.GetBytes(ulong.MaxValue)]);

        var counts = await counting.Soonest();
        (counts.MemoryCurrent, counts.OutOfMemoryKills, counts.CpuMicroseconds, counts.PidsCurrent, counts.PidsMax).ShouldBe((1ul, 7ul, 8ul, 13ul, null));
    }

    [Theory]
    [InlineData(111)]
    [InlineData(113)]
    public async Task CountsOfAnyOtherLengthEndTheConversation(int bytes)
    {
        var counting = _host.CountAsync("one", CancellationToken.None);

        await _guest.AnswerAsync(FrameType.Stats, FrameType.Done, new byte[bytes]);

        await Should.ThrowAsync<OwnerPortException>(counting.Soonest());
    }

    [Fact]
    public async Task ARefusalIsOfItsRequestAloneAndItsWordsAreFitForALog()
    {
        var refused = _host.UnmountAsync("one", CancellationToken.None);
        var other = _host.DeleteAsync("one", CancellationToken.None);
        var (first, _) = await _guest.ReadAsync(FrameType.Unmount);
        var (second, _) = await _guest.ReadAsync(FrameType.Delete);

        await _guest.SendAsync(FrameType.Done, second);
        await other.Soonest();
        await _guest.SendAsync(FrameType.Error, first, [.. ScriptedGuest.Number(16), .. "in\n\e[31m use \u202Eby"u8, .. new byte[60_000]]);

        var refusal = await Should.ThrowAsync<GuestRefusedException>(refused.Soonest());
        refusal.Errno.ShouldBe(16u);
        refusal.Message.ShouldStartWith("The guest refused to unmount root one: in??[31m use ?by");
        refusal.Message.Length.ShouldBeLessThan(1200);
        refusal.Message.ShouldAllBe(c => !char.IsControl(c));
        _host.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task ARequestThatIsNotAnsweredFailsInTimeAndItsLateAnswerIsNobodyElses()
    {
        var mounting = _host.MountAsync(Root with { Wait = TimeSpan.FromSeconds(5) }, CancellationToken.None);
        var (late, _) = await _guest.ReadAsync(FrameType.Mount);
        _clock.Advance(TimeSpan.FromSeconds(64.9));
        mounting.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        (await Should.ThrowAsync<TimeoutException>(mounting.Soonest())).Message.ShouldContain("within 65 s: to mount root one");

        var next = _host.UnmountAsync("two", CancellationToken.None);
        var (stream, _) = await _guest.ReadAsync(FrameType.Unmount);
        stream.ShouldNotBe(late);
        await _guest.SendAsync(FrameType.Error, late, ScriptedGuest.Number(5));
        await _guest.SendAsync(FrameType.Done, stream);
        await next.Soonest();
        await _guest.SendAsync(FrameType.Done, late);
        (await _host.Ended.Soonest()).Message.ShouldContain("which is for nobody");
    }

    [Fact]
    public async Task AGuestThatOwesTooManyAnswersIsLeft()
    {
        using var away = new CancellationTokenSource();
        var asked = Enumerable.Range(0, 65).Select(_ => _host.UnmountAsync("one", away.Token)).ToArray();
        foreach (var _ in asked)
        {
            await _guest.ReadAsync(FrameType.Unmount);
        }

        await away.CancelAsync();

        foreach (var one in asked)
        {
            await Should.ThrowAsync<OperationCanceledException>(one.Soonest());
        }

        (await _host.Ended.Soonest()).Message.ShouldContain("owes answers to more than 64");
    }

    [Fact]
    public async Task WhatNoGuestWouldTakeIsNotSent()
    {
        var nothing = ReadOnlyMemory<byte>.Empty;
        Func<Task>[] wrong =
        [
            () => _host.UnmountAsync("", CancellationToken.None),
            () => _host.UnmountAsync(".a", CancellationToken.None),
            () => _host.UnmountAsync("-a", CancellationToken.None),
            () => _host.UnmountAsync("a/b", CancellationToken.None),
            () => _host.UnmountAsync(new string('a', 129), CancellationToken.None),
            () => _host.MountAsync(new RootMount { Name = "one" }, CancellationToken.None),
            () => _host.MountAsync(Root with { UpperMemoryBytes = 0 }, CancellationToken.None),
            () => _host.MountAsync(Root with { UpperDisk = GuestDevice.Named("vda") }, CancellationToken.None),
            () => _host.MountAsync(Root with { Wait = TimeSpan.FromSeconds(30.1) }, CancellationToken.None),
            () => _host.MountAsync(Root with { Image = GuestDevice.Named(new string('a', 65)) }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Name = "lo" }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Name = "a234567890123456" }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Mtu = 67 }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Mtu = 65_536 }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Card = new PhysicalAddress(new byte[5]) }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Addresses = [new PodAddress(IPAddress.Any, 33)] }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Addresses = [.. Enumerable.Repeat(new PodAddress(IPAddress.Any, 0), 33)] }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Routes = [.. Enumerable.Repeat(new PodRoute(new PodAddress(IPAddress.Any, 0)), 65)] }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Routes = [new PodRoute(new PodAddress(IPAddress.Any, 0), IPAddress.IPv6Any)] }, CancellationToken.None),
            () => _host.SetUpNetworkAsync(new NetworkSetup { Routes = [new PodRoute(new PodAddress(IPAddress.Any, 0), OnLink: true)] }, CancellationToken.None),
            () => _host.PlaceFolderAsync(new PlacedPath("one", "a/"), CancellationToken.None),
            () => _host.PlaceFolderAsync(new PlacedPath("one", "a/.."), CancellationToken.None),
            () => _host.PlaceFolderAsync(new PlacedPath("one", "a\0b"), CancellationToken.None),
            () => _host.PlaceFolderAsync(new PlacedPath("one", new string('a', 1024)), CancellationToken.None),
            () => _host.PlaceFolderAsync(new PlacedPath("one", "a") { Mode = 0x1000 }, CancellationToken.None),
            () => _host.PlaceLinkAsync(new PlacedPath("one", "a"), "", CancellationToken.None),
            () => _host.RunAsync(new ProcessStart("one", nothing), CancellationToken.None),
            () => _host.ExecAsync(new ProcessStart("one", new byte[(1 << 20) + 1]), CancellationToken.None),
        ];
        foreach (var one in wrong)
        {
            await Should.ThrowAsync<ArgumentException>(() => one().Soonest());
        }

        var fine = _host.RunAsync(new ProcessStart(new string('a', 128), new byte[1 << 20]), CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Run, FrameType.Started, ScriptedGuest.Number(1))).Length.ShouldBe(2 + 128 + 5 + (1 << 20));
        await fine.Soonest();
    }

    [Fact]
    public async Task AGuestWithASmallerPayloadGetsNoLargerFrame()
    {
        var (host, guest) = ScriptedGuest.Begin(new GuestLimits(4096, 64, 4096, 4096));
        await using var _ = host;
        using var __ = guest;
        await Should.ThrowAsync<ArgumentException>(host.RunAsync(new ProcessStart("one", new byte[4096]), CancellationToken.None).Soonest());

        var placing = host.PlaceFileAsync(new PlacedPath("one", "file"), new MemoryStream(new byte[5000]), CancellationToken.None);

        (await guest.AnswerAsync(FrameType.Place, FrameType.Done)).Length.ShouldBeLessThanOrEqualTo(4096);
        (await guest.AnswerAsync(FrameType.Place, FrameType.Done)).Length.ShouldBeLessThanOrEqualTo(4096);
        await placing.Soonest();
    }

    private static void Random(byte[] bytes) => System.Security.Cryptography.RandomNumberGenerator.Fill(bytes);
}

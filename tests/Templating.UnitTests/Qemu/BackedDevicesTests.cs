using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Qemu.Plugging;
using Templating.Qemu.Qmp;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

public sealed class BackedDevicesTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedQmpServer _server;
    private readonly QmpClient _client;
    private readonly BackedDevices _devices;

    public BackedDevicesTests()
    {
        var (ours, theirs) = SocketPair.Create();
        _server = new ScriptedQmpServer(theirs);
        _client = new QmpClient(ours, TimeProvider.System);
        _devices = new BackedDevices(_client, pid: 0, Soon.Limit, _time);
    }

    [Fact]
    public async Task GuestThatDoesNotLetGoInTimeIsToldAndNothingIsTakenFromIt()
    {
        var remove = _devices.RemoveAsync(3);
        await AnswerAsync("device_del");
        while (!remove.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var error = await Should.ThrowAsync<TemplatingException>(remove);

        error.Code.ShouldBe(ErrorCode.IllegalState);
        error.Message.ShouldContain("did not let go of 'plug3' within 20 s");
    }

    [Fact]
    public async Task GuestThatSaysThatItKeepsADeviceKeepsIt()
    {
        var remove = _devices.RemoveAsync(3);
        await AnswerAsync("device_del");
        await _server.SendLineAsync("""{"event": "DEVICE_UNPLUG_GUEST_ERROR", "data": {"device": "plug3", "path": "/machine/peripheral/plug3"}}""");

        (await Should.ThrowAsync<TemplatingException>(remove.Soonest())).Message.ShouldContain("does not let go of 'plug3', it says");
    }

    [Fact]
    public async Task ASecondAskingWaitsForWhatTheFirstOneBegan()
    {
        var remove = _devices.RemoveAsync(3);
        await _server.RefuseAsync(await ReadAsync("device_del"), "Device plug3 is already in the process of unplug");
        await _server.SendLineAsync("""{"event": "DEVICE_DELETED", "data": {"device": "plug30", "path": "/machine/peripheral/plug30"}}""");
        await _server.SendLineAsync("""{"event": "DEVICE_DELETED", "data": {"device": "plug3", "path": "/machine/peripheral/plug3"}}""");

        await AnswerAsync("blockdev-del");
        await AnswerAsync("netdev_del");
        await remove.Soonest();
    }

    [Theory]
    [InlineData("blockdev-del")]
    [InlineData("netdev_del")]
    public async Task WhatWasBehindADeviceThatWentLateIsTakenAwayWhenSomebodyAsksAgain(string command)
    {
        var forget = _devices.TryForgetAsync(3);
        if (command is "netdev_del")
        {
            await _server.RefuseAsync(await ReadAsync("blockdev-del"), "Failed to find node with node-name='disk3'");
        }

        await AnswerAsync(command);

        (await forget.Soonest()).ShouldBeTrue();
    }

    [Fact]
    public async Task WhereThereWasNothingNothingIsForgotten()
    {
        var forget = _devices.TryForgetAsync(3);
        await _server.RefuseAsync(await ReadAsync("blockdev-del"), "Failed to find node with node-name='disk3'");
        await _server.RefuseAsync(await ReadAsync("netdev_del"), "Device 'card3' not found");

        (await forget.Soonest()).ShouldBeFalse();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _server.Dispose();
    }

    private async Task<long> ReadAsync(string expected)
    {
        var (command, id) = await _server.ReadCommandAsync();
        command.ShouldBe(expected);
        return id;
    }

    private async Task AnswerAsync(string expected) => await _server.AnswerAsync(await ReadAsync(expected));
}

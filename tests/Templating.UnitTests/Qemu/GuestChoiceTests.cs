using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

/// <summary>Which agent a guest is taken to have, however its two agents come.</summary>
public sealed class GuestChoiceTests : IAsyncDisposable
{
    private const string Enabled = """{"name": "guest-exec", "enabled": true}, {"name": "guest-exec-status", "enabled": true}""";
    private const string Files = """, {"name": "guest-file-open", "enabled": true}, {"name": "guest-file-read", "enabled": true}, {"name": "guest-file-close", "enabled": true}""";

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly TaskCompletionSource<TemplatingException> _stopped = new();
    private readonly ScriptedPeer _own;
    private readonly ScriptedPeer _qemu;
    private readonly Guest _guest;

    public GuestChoiceTests()
    {
        var (own, theirs) = SocketPair.Create();
        _own = new ScriptedPeer(theirs);
        var (qemu, other) = SocketPair.Create();
        _qemu = new ScriptedPeer(other);
        _guest = new Guest(
            new GuestClient("/nonexistent/guest.sock", own, _time), new QgaClient("/nonexistent/agent.sock", qemu, _time), _time, _stopped.Task);
    }

    [Fact]
    public async Task TemplatingGuestIsTakenWhereItAnswersFirst()
    {
        var choice = ChooseAsync();
        await AnswerAsTemplatingGuestAsync();

        (await choice.Soonest()).ShouldBe(GuestAgentKind.Templating);
    }

    [Fact]
    public async Task TemplatingGuestIsTakenWhereItAnswersLaterThanTheOther()
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        await AnswerAsTemplatingGuestAsync();

        (await choice.Soonest()).ShouldBe(GuestAgentKind.Templating);
    }

    [Fact]
    public async Task TemplatingGuestThatHasOpenedItsPortIsWaitedForLonger()
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        _guest.PortChanged(isOpen: true);
        await Eventually.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(500));
                return _time.GetUtcNow() - _time.Start > TimeSpan.FromSeconds(6);
            },
            "time passed");
        choice.IsCompleted.ShouldBeFalse();
        await AnswerAsTemplatingGuestAsync();

        (await choice.Soonest()).ShouldBe(GuestAgentKind.Templating);
    }

    [Fact]
    public async Task QemuGuestAgentIsTakenWhereTheOtherDoesNotComeInTime()
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        await AnswerInfoAsync(Enabled + Files);

        (await choice.Soonest()).ShouldBe(GuestAgentKind.Qemu);
    }

    [Fact]
    public async Task TemplatingGuestIsTakenAtTheLastLookWhereItCameDuringTheWarmUp()
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        await AnswerInfoAsync(Enabled + Files);
        (await choice.Soonest()).ShouldBe(GuestAgentKind.Qemu);

        _guest.PortChanged(isOpen: true);
        var settled = _guest.SettleAsync(CancellationToken.None);
        await AnswerAsTemplatingGuestAsync();

        (await settled.Soonest()).ShouldBe(GuestAgentKind.Templating);
    }

    [Theory]
    [InlineData("", "guest-exec, guest-exec-status, guest-file-open, guest-file-read, guest-file-close")]
    [InlineData("""{"name": "guest-exec", "enabled": false}, {"name": "guest-exec-status", "enabled": true}""", "refuse guest-exec, guest-file-open, guest-file-read, guest-file-close,")]
    [InlineData(Enabled, "refuse guest-file-open, guest-file-read, guest-file-close,")]
    public async Task QemuGuestAgentWithBlockedCommandsIsRefusedWithAllOfThemAndTheRemedy(string commands, string blocked)
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        await AnswerInfoAsync(commands);

        var refusal = await Should.ThrowAsync<TemplatingException>(choice.Soonest());
        refusal.Code.ShouldBe(ErrorCode.GuestNotSuitable);
        refusal.Message.ShouldContain(blocked);
        refusal.Message.ShouldContain("/etc/qemu/qemu-ga.conf");
        refusal.Message.ShouldContain("/etc/sysconfig/qemu-ga");
    }

    [Theory]
    [InlineData("""{"error": {"class": "CommandNotFound", "desc": "Command guest-exec has been disabled: the command is not allowed"}}""")]
    [InlineData("""{"error": {"class": "GenericError", "desc": "The command guest-exec has been disabled for this instance"}}""")]
    public async Task CloneOfATemplateWhoseAgentIsBlockedFailsForGood(string answer)
    {
        _guest.Expect(GuestAgentKind.Qemu);
        var identity = _guest.IdentifyAsync(FrozenTemplate.NewIdentity("me"), Soon.Limit, CancellationToken.None);
        await SyncAsync();
        (await _qemu.ReadLineAsync()).ShouldNotBeNull().ShouldContain("guest-set-time");
        await _qemu.SendLineAsync("""{"return": {}}""");
        (await _qemu.ReadLineAsync()).ShouldNotBeNull().ShouldContain("guest-exec");
        await _qemu.SendLineAsync(answer);

        (await Should.ThrowAsync<TemplatingException>(identity.Soonest())).Code.ShouldBe(ErrorCode.GuestNotSuitable);
    }

    [Fact]
    public async Task EndOfTheVmEndsTheWait()
    {
        var choice = ChooseAsync();
        await AnswerAsQemuAgentAsync();
        _qemu.Close();
        _stopped.SetResult(new TemplatingException(ErrorCode.GuestStopped, "It panicked."));

        (await Should.ThrowAsync<TemplatingException>(choice.Soonest())).Code.ShouldBe(ErrorCode.GuestStopped);
    }

    public async ValueTask DisposeAsync()
    {
        _own.Dispose();
        _qemu.Dispose();
        await _guest.DisposeAsync();
    }

    private Task<GuestAgentKind> ChooseAsync() => _guest.WaitReadyAsync(TimeSpan.FromMinutes(2), CancellationToken.None);

    private async Task AnswerAsTemplatingGuestAsync()
    {
        var sync = (await _own.ReadLineAsync())!;
        await _own.SendLineAsync(sync[sync.IndexOf("sync", StringComparison.Ordinal)..].Replace("sync", "synced", StringComparison.Ordinal) + " 1");
    }

    private Task AnswerAsQemuAgentAsync() => SyncAsync();

    /// <summary>What it is asked next, when time goes on. A sync may be sent again before the answer to the first is seen.</summary>
    private async Task<string> NextQuestionAsync()
    {
        while (true)
        {
            var asked = _qemu.ReadLineAsync();
            await Eventually.UntilAsync(
                () =>
                {
                    _time.Advance(TimeSpan.FromMilliseconds(500));
                    return asked.IsCompleted;
                },
                "the agent was asked something");
            var line = (await asked).ShouldNotBeNull();
            if (!line.Contains("guest-sync-delimited", StringComparison.Ordinal))
            {
                return line;
            }

            await AnswerSyncAsync(line);
        }
    }

    /// <summary>Asked when templating-guest has had its time.</summary>
    private async Task AnswerInfoAsync(string commands)
    {
        (await NextQuestionAsync()).ShouldContain("guest-info");
        await _qemu.SendLineAsync("{\"return\": {\"version\": \"9.2\", \"supported_commands\": [" + commands + "]}}");
    }

    private async Task SyncAsync() => await AnswerSyncAsync((await _qemu.ReadLineAsync())!);

    private async Task AnswerSyncAsync(string line)
    {
        using var json = JsonDocument.Parse(line.TrimStart('\u00ff'));
        await _qemu.SendAsync($"\u00ff{{\"return\": {json.RootElement.GetProperty("arguments").GetProperty("id").GetInt64()}}}\n");
    }
}

using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

/// <summary>What a guest can do beyond the protocol's first version, seen from the host, with a guest that a test scripts.</summary>
public sealed class GuestTerminalTests : IAsyncDisposable
{
    private static readonly GuestCommand AtTerminal = new() { Arguments = ["sh"], Terminal = new TerminalSize(30, 100), User = "ann" };

    private readonly ScriptedPeer _guest;
    private readonly GuestClient _client;

    public GuestTerminalTests()
    {
        var (ours, theirs) = SocketPair.Create();
        _guest = new ScriptedPeer(theirs);
        _client = new GuestClient("/nonexistent/guest.sock", ours, TimeProvider.System);
    }

    [Fact]
    public async Task TerminalUserSizesAndSignalsAreSentInOrder()
    {
        var all = ReadAllAsync(AtTerminal, Items(
            new ExecInputBytes("ls"u8.ToArray()), new ExecResize(new TerminalSize(50, 132)), new ExecSignal(15), new ExecInputEnd(), new ExecSignal(1)));
        await SyncAsync(" terminal user why");

        (await _guest.ReadLineAsync()).ShouldBe("exec 1 ituw 0 - - 30 100 YW5u c2g=");
        (await _guest.ReadLineAsync()).ShouldBe("in 1 bHM=");
        (await _guest.ReadLineAsync()).ShouldBe("resize 1 50 132");
        (await _guest.ReadLineAsync()).ShouldBe("kill 1 15");
        (await _guest.ReadLineAsync()).ShouldBe("in 1 -");
        (await _guest.ReadLineAsync()).ShouldBe("kill 1 1");
        await _guest.SendLineAsync("exit 1 - 9 oom");
        (await all.Soonest()).ShouldBe([new ExecExited(null, 9) { OutOfMemory = true }]);
    }

    [Fact]
    public async Task WithoutInputOnlySizesAndSignalsAreSent()
    {
        var all = ReadAllAsync(AtTerminal with { TakesInput = false, User = null }, Items(new ExecInputEnd(), new ExecSignal(2)));
        await SyncAsync(" terminal");

        (await _guest.ReadLineAsync()).ShouldBe("exec 1 t 0 - - 30 100 c2g=");
        (await _guest.ReadLineAsync()).ShouldBe("kill 1 2");
        await _guest.SendLineAsync("exit 1 0 -");
        (await all.Soonest()).ShouldBe([new ExecExited(0, null)]);
    }

    [Theory]
    [InlineData("", "gives no terminals")]
    [InlineData(" terminal", "runs programs as root alone")]
    [InlineData(" terminals users", "gives no terminals")]
    public async Task OlderGuestIsNotAskedForWhatItDoesNotKnow(string features, string lack)
    {
        var all = ReadAllAsync(AtTerminal, null);
        await SyncAsync(features);

        var error = await Should.ThrowAsync<TemplatingException>(all.Soonest());

        error.Code.ShouldBe(ErrorCode.GuestNotSuitable);
        error.Message.ShouldContain(lack);
        error.Message.ShouldContain("Build the template again");
    }

    [Theory]
    [InlineData(" why", "exit 1 - 9 timeout", true)]
    [InlineData(" why", "exit 1 - 9", false)]
    [InlineData("", "exit 1 - 9", true)]
    public async Task TimeoutIsToldByTheGuestOrElseByOurClock(string features, string exit, bool timedOut)
    {
        var all = ReadAllAsync(new GuestCommand { Arguments = ["true"], Timeout = TimeSpan.FromTicks(1) }, null);
        await SyncAsync(features);
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync(exit);

        (await all.Soonest()).ShouldBe([new ExecExited(null, 9) { TimedOut = timedOut }]);
    }

    [Theory]
    [InlineData(" why", "exit 1 - 9 boredom")]
    [InlineData(" why", "exit 1 0 - oom")]
    [InlineData(" why", "exit 1 - 9 oom timeout")]
    [InlineData("", "exit 1 - 9 oom")]
    public async Task ReasonThatWasNotAskedForOrIsNoneEndsTheConversation(string features, string exit)
    {
        var all = ReadAllAsync(new GuestCommand { Arguments = ["true"] }, null);
        await SyncAsync(features);
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync(exit);

        (await Should.ThrowAsync<TemplatingException>(all.Soonest())).Code.ShouldBe(ErrorCode.GuestAgentFailed);
    }

    public async ValueTask DisposeAsync()
    {
        _guest.Dispose();
        await _client.DisposeAsync();
    }

    private static IAsyncEnumerable<ExecInput> Items(params ExecInput[] items) => items.ToAsyncEnumerable();

    private async Task SyncAsync(string features)
    {
        var synced = (await _guest.ReadLineAsync())!.Replace("sync", "synced", StringComparison.Ordinal) + " 1";
        await _guest.SendLineAsync(features.Length == 0 ? synced : $"{synced}{features}\n{synced}");
    }

    private async Task<List<ExecOutput>> ReadAllAsync(GuestCommand command, IAsyncEnumerable<ExecInput>? input) =>
        await _client.ExecAsync(command, input, CancellationToken.None).ToListAsync();
}

using System.Net.Sockets;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

public sealed class GuestChannelTests : IAsyncDisposable
{
    private readonly ScriptedPeer _guest;
    private readonly GuestClient _client;

    public GuestChannelTests()
    {
        var (ours, theirs) = SocketPair.Create();
        _guest = new ScriptedPeer(theirs);
        _client = new GuestClient("/nonexistent/guest.sock", ours, TimeProvider.System);
    }

    [Fact]
    public async Task StaleBytesBeforeTheSyncAreDropped()
    {
        var ready = _client.WaitReadyAsync(CancellationToken.None);
        var sync = await _guest.ReadLineAsync();
        await _guest.SendAsync("7 AAAA\nexit 4 0 -\nsynced 0123456789abcdef 1\nout 9 QU");
        await _guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");

        await ready.Soonest();
    }

    [Fact]
    public async Task IdentityGoesOutWithItsSyncInOneBreath()
    {
        var identity = FrozenTemplate.NewIdentity("me");
        var answer = _client.IdentifyAsync(identity, CancellationToken.None);
        var sync = await _guest.ReadLineAsync();
        var words = (await _guest.ReadLineAsync())!.Split(' ');
        await _guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        await _guest.SendLineAsync($"identified {words[1]} {words[2]} {words[3]} {words[4]} kernel {new string('a', 32)}");

        var confirmed = Identities.Confirm(identity, Identities.Read(await answer.Soonest(), identity));

        confirmed.Hostname.ShouldBe("me");
        confirmed.KernelReseeded.ShouldBeTrue();
        words[0].ShouldBe("identify");
        words.Length.ShouldBe(9);
    }

    [Fact]
    public async Task FilesGoBeforeTheIdentityInPartsThatFitALine()
    {
        var content = new byte[300_000];
        content[^1] = 7;
        var identity = FrozenTemplate.NewIdentity("me") with
        {
            Files = [new InjectedFile("/etc/a b", content, Mode: 0x1a4), new InjectedFile("/run/empty", default)],
        };
        var answer = _client.IdentifyAsync(identity, CancellationToken.None);
        var sync = await _guest.ReadLineAsync();
        await _guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        var files = new List<string[]>();
        string[] words;
        while ((words = (await _guest.ReadLineAsync())!.Split(' '))[0] is "file")
        {
            files.Add(words);
        }

        await _guest.SendLineAsync($"identified {words[1]} {words[2]} {words[3]} {words[4]} kernel {new string('a', 32)}");
        await answer.Soonest();

        words[0].ShouldBe("identify");
        files.Select(f => f[3]).ShouldBe(["new", "more", "more", "new"]);
        files.Select(f => f[2]).ShouldBe(["0644", "0644", "0644", "0600"]);
        files.ShouldAllBe(f => f.Sum(w => w.Length + 1) < GuestWords.MaxLineBytes);
        files.Take(3).SelectMany(f => Convert.FromBase64String(f[4])).ToArray().ShouldBe(content);
        files[3][4].ShouldBe("-");
    }

    [Fact]
    public async Task AGuestThatTakesNoFilesFailsTheIdentity()
    {
        var identity = FrozenTemplate.NewIdentity("me") with { Files = [new InjectedFile("/run/f", "x"u8.ToArray())] };
        var answer = _client.IdentifyAsync(identity, CancellationToken.None);
        var sync = await _guest.ReadLineAsync();
        await _guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        await _guest.SendLineAsync("failed line " + Convert.ToBase64String("Unknown verb file"u8));

        var failure = await Should.ThrowAsync<TemplatingException>(() => answer.Soonest());

        failure.Code.ShouldBe(ErrorCode.IdentityNotConfirmed);
        failure.Message.ShouldContain("Build the template again");
    }

    [Fact]
    public async Task OutputIsAcknowledgedOnlyAsItIsRead()
    {
        var exec = _client.ExecAsync(new GuestCommand { Arguments = ["yes"] }, null, CancellationToken.None).GetAsyncEnumerator();
        var first = exec.MoveNextAsync().AsTask();
        await SyncAsync();
        (await _guest.ReadLineAsync()).ShouldBe("exec 1 - 0 - - eWVz");
        for (var i = 0; i < GuestExec.Window / 8192; i++)
        {
            await _guest.SendLineAsync("out 1 " + Convert.ToBase64String(new byte[8192]));
        }

        (await first.Soonest()).ShouldBeTrue();
        for (var i = 0; i < 8; i++)
        {
            (await exec.MoveNextAsync().AsTask().Soonest()).ShouldBeTrue();
        }

        (await _guest.ReadLineAsync()).ShouldBe($"ack 1 {GuestExec.Window / 4}");
        await exec.DisposeAsync().AsTask().Soonest();

        // What still comes for a reader that has gone is acknowledged as it comes, before or after the kill.
        string? line;
        do
        {
            line = await _guest.ReadLineAsync();
        }
        while (line == "ack 1 8192");

        line.ShouldBe("kill 1 9");
    }

    [Fact]
    public async Task AgentThatDiesInTheGuestEndsItsCommandsAfterWhatTheySaid()
    {
        var exec = _client.ExecAsync(new GuestCommand { Arguments = ["true"] }, input: null, CancellationToken.None).GetAsyncEnumerator();
        var first = exec.MoveNextAsync().AsTask();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync("out 1 AAAA");

        _client.PortClosed();

        (await first.Soonest()).ShouldBeTrue();
        var error = await Should.ThrowAsync<TemplatingException>(exec.MoveNextAsync().AsTask().Soonest());
        error.Code.ShouldBe(ErrorCode.GuestAgentFailed);
        error.Message.ShouldContain("templating-guest");
    }

    [Fact]
    public async Task OutputOfACommandThatDoesNotRunIsNonsense()
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync("out 2 AAAA");

        (await Should.ThrowAsync<TemplatingException>(exec.Soonest())).Message.ShouldContain("out 2 AAAA");
    }

    [Fact]
    public async Task AGuestThatDoesNotAnswerIsAskedByAnotherConnection()
    {
        // As QEMU 10.0 leaves it behind a daemon that was killed while it read slowly.
        using var folder = new TempFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder["guest.sock"]));
        listener.Listen();
        var time = new FakeTimeProvider();
        await using var client = new GuestClient(folder["guest.sock"], first: null, time);
        var exec = ReadAllAsync(client);
        using var silent = new ScriptedPeer(await listener.AcceptAsync().Soonest());
        (await silent.ReadLineAsync()).ShouldNotBeNull();

        // Its first sync has been sent, so the time that it has is running.
        time.Advance(TimeSpan.FromSeconds(3));
        using var guest = new ScriptedPeer(await listener.AcceptAsync().Soonest());
        var sync = await guest.ReadLineAsync();
        await guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        (await guest.ReadLineAsync()).ShouldStartWith("exec 1 ");
        await guest.SendLineAsync("exit 1 7 -");

        (await exec.Soonest()).OfType<ExecExited>().Single().ExitCode.ShouldBe(7);
        while (await silent.ReadLineAsync() is not null)
        {
            // Syncs sent again. The connection has ended, which is what QEMU waits for.
        }
    }

    [Theory]
    [InlineData("hello world\n")]
    [InlineData("out 1 !!!!\n")]
    [InlineData("out 1\n")]
    [InlineData("out 1 -\n")]
    [InlineData("err 1 \n")]
    [InlineData("exit 1 x -\n")]
    [InlineData("exit 1 -1 -\n")]
    [InlineData("took 1 99999\n")]
    [InlineData("out 4294967296 AAAA\n")]
    [InlineData("\u0001\n")]
    [InlineData("\n")]
    public async Task NonsenseFailsThatGuestAlone(string sent)
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendAsync(sent);

        (await Should.ThrowAsync<TemplatingException>(exec.Soonest())).Code.ShouldBe(ErrorCode.GuestAgentFailed);
    }

    [Theory]
    [InlineData("failed exec AAAA\n")]
    [InlineData("took 1 0\n")]
    [InlineData("took 7 1\n")]
    public async Task AGuestThatTalksWithoutEndAndSaysNothingIsLeft(string sent)
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.FloodAsync(System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(sent, 1000))));

        (await Should.ThrowAsync<TemplatingException>(exec.Soonest())).Message.ShouldContain("says nothing");
    }

    [Fact]
    public async Task FailuresOfWhatTheGuestWasToldAreNoFlood()
    {
        for (var number = 1; number <= 200; number++)
        {
            var exec = ReadAllAsync();
            if (number == 1)
            {
                await SyncAsync();
            }

            await _guest.ReadLineAsync();
            await _guest.SendLineAsync($"failed exec AAAA\nexit {number} 0 -");
            await exec.Soonest();
        }
    }

    [Fact]
    public async Task MegabytesWithoutALineEndAreNotKept()
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.FloodAsync(new byte[4 * 1024 * 1024]);

        (await Should.ThrowAsync<TemplatingException>(exec.Soonest())).Message.ShouldContain("longer than");
    }

    [Fact]
    public async Task ProgramThatCannotStartIsTheCallersFault()
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync("nostart 1 " + Convert.ToBase64String("no such program\u001b[2J"u8));

        var error = await Should.ThrowAsync<TemplatingException>(exec.Soonest());

        error.Code.ShouldBe(ErrorCode.InvalidArgument);
        error.Message.ShouldContain("no such program");
        error.Message.ShouldNotContain("\u001b");
    }

    [Theory]
    [InlineData("No program nosuch in PATH", 127)]
    [InlineData("Could not start /x: No such file or directory", 127)]
    [InlineData("Could not start /etc: Permission denied", 126)]
    [InlineData("Could not start /x: Exec format error", 126)]
    [InlineData("No folder /nowhere", 126)]
    public async Task ProgramThatCannotBeRunEndsAsInAShell(string reason, int code)
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync("nostart 1 " + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(reason)));

        var output = await exec.Soonest();

        output.OfType<ExecStandardError>().ShouldHaveSingleItem().Bytes.ToArray().ShouldBe(System.Text.Encoding.ASCII.GetBytes($"templating-guest: {reason}\n"));
        output[^1].ShouldBe(new ExecExited(code, null));
    }

    [Theory]
    [InlineData("Could not start /bin/sh: Cannot allocate memory")]
    [InlineData("16 commands are running, and no more may at once")]
    [InlineData("Unknown flags or a timeout that is no number")]
    public async Task WhatIsNoFaultOfTheProgramsHasNoExitCode(string reason)
    {
        var exec = ReadAllAsync();
        await SyncAsync();
        await _guest.ReadLineAsync();
        await _guest.SendLineAsync("nostart 1 " + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(reason)));

        (await Should.ThrowAsync<TemplatingException>(exec.Soonest())).Message.ShouldContain(reason);
    }

    [Fact]
    public async Task GuestThatNeverAnswersIsLeftAtTheDeadline()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));

        await Should.ThrowAsync<OperationCanceledException>(_client.WaitReadyAsync(limit.Token).Soonest());
    }

    [Fact]
    public void AnyBytesGiveAnErrorOfOursOrALine() => Gen.Byte.Array[0, 100].Sample(bytes =>
    {
        try
        {
            var line = GuestLine.Parse(bytes);
            _ = line.Text(1);
            _ = line.OptionalNumber(2);
        }
        catch (TemplatingException e)
        {
            e.Code.ShouldBe(ErrorCode.GuestAgentFailed);
        }
    });

    public async ValueTask DisposeAsync()
    {
        _guest.Dispose();
        await _client.DisposeAsync();
    }

    private async Task SyncAsync()
    {
        var sync = await _guest.ReadLineAsync();
        await _guest.SendLineAsync(sync!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
    }

    private Task<List<ExecOutput>> ReadAllAsync() => ReadAllAsync(_client);

    private static async Task<List<ExecOutput>> ReadAllAsync(GuestClient client)
    {
        var all = new List<ExecOutput>();
        await foreach (var output in client.ExecAsync(new GuestCommand { Arguments = ["true"] }, null, CancellationToken.None))
        {
            all.Add(output);
        }

        return all;
    }
}

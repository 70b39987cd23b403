using CsCheck;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

public sealed class QmpClientTests : IAsyncDisposable
{
    private readonly ScriptedQmpServer _server;
    private readonly QmpClient _client;

    public QmpClientTests()
    {
        var (ours, theirs) = SocketPair.Create();
        _server = new ScriptedQmpServer(theirs);
        _client = new QmpClient(ours, TimeProvider.System);
    }

    [Fact]
    public async Task AnswersFindTheirCommandsInWhateverOrderTheyCome()
    {
        await _server.GreetAsync();
        var first = ExecuteAsync("query-a");
        var one = await _server.ReadCommandAsync();
        var second = ExecuteAsync("query-b");
        var two = await _server.ReadCommandAsync();

        await _server.AnswerAsync(two.Id, "\"b\"");
        await _server.AnswerAsync(one.Id, "\"a\"");

        (await first.Soonest()).GetString().ShouldBe("a");
        (await second.Soonest()).GetString().ShouldBe("b");
    }

    [Fact]
    public async Task RefusalNamesTheCommandAndQemusReason()
    {
        var command = ExecuteAsync("cont");
        await _server.RefuseAsync((await _server.ReadCommandAsync()).Id, "not now");

        var error = await Should.ThrowAsync<TemplatingException>(command.Soonest());

        error.Code.ShouldBe(ErrorCode.QmpFailed);
        error.Message.ShouldBe("QEMU refused 'cont': not now");
    }

    [Theory]
    [InlineData(30_000, true)]
    [InlineData(70_000, false)]
    public void ALineOfManyTokensIsRefusedForItCostsMoreThanItsBytes(int numbers, bool fine)
    {
        var line = System.Text.Encoding.ASCII.GetBytes($$"""{"return":[{{string.Join(',', Enumerable.Repeat("10", numbers))}}]}""");
        var parse = () => QmpMessage.Parse(line, ErrorCode.QmpFailed, "It");
        if (fine)
        {
            parse().Member("return").ShouldNotBeNull();
        }
        else
        {
            Should.Throw<TemplatingException>(() => parse()).Message.ShouldContain("tokens");
        }
    }

    [Fact]
    public async Task EventsNobodyWantsAreNotKept()
    {
        using var events = _client.Subscribe(e => e.Name is "MIGRATION");
        await _server.SendLineAsync("""{"event": "MIGRATION", "data": {"status": "active"}}""");
        for (var i = 0; i < 1000; i++)
        {
            await _server.SendLineAsync("""{"event": "STOP"}""");
        }

        (await events.FirstAsync(CancellationToken.None).Soonest()).Text("status").ShouldBe("active");
    }

    [Fact]
    public async Task EventsBetweenAnswersReachWhoeverSubscribed()
    {
        using var events = _client.Subscribe(e => e.Name is "MIGRATION");
        await _server.SendLineAsync("""{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}""");
        await _server.SendLineAsync("""{"event": "MIGRATION", "data": {"status": "completed"}}""");

        var seen = await events.FirstAsync(CancellationToken.None).Soonest();

        seen.Text("status").ShouldBe("completed");
    }

    [Theory]
    [InlineData("hello\n", "not a JSON object: 'hello'")]
    [InlineData("[]\n", "not a JSON object: '[]'")]
    [InlineData("{\"x\":1}\n", "neither an answer nor an event")]
    [InlineData("{\"event\":\"\\ud800\"}\n", "what is not a JSON object")]
    [InlineData("\n", "not a JSON object: ''")]
    public async Task NonsenseEndsTheConversationAndIsQuoted(string sent, string said)
    {
        var command = ExecuteAsync("query-status");
        await _server.ReadCommandAsync();
        await _server.SendAsync(sent);

        var error = await Should.ThrowAsync<TemplatingException>(command.Soonest());

        error.Code.ShouldBe(ErrorCode.QmpFailed);
        error.Message.ShouldContain(said);
    }

    [Fact]
    public async Task LineWithoutEndIsNotKept()
    {
        var command = ExecuteAsync("query-status");
        await _server.FloodAsync(new byte[QmpClient.MaxLineBytes * 3]);

        (await Should.ThrowAsync<TemplatingException>(command.Soonest())).Message.ShouldContain("longer than");
    }

    [Fact]
    public async Task EndInTheMiddleOfALineIsTold()
    {
        var command = ExecuteAsync("query-status");
        await _server.SendAsync("{\"ret");
        _server.Close();

        (await Should.ThrowAsync<TemplatingException>(command.Soonest())).Message.ShouldContain("in the middle of a line");
        (await Should.ThrowAsync<TemplatingException>(ExecuteAsync("stop").Soonest())).Code.ShouldBe(ErrorCode.QmpFailed);
    }

    /// <summary>Or its failure would not be told as the end of QEMU that it is.</summary>
    [Fact]
    public async Task WhoseCommandTheEndBreaksOffSeesThatItIsOver()
    {
        _client.IsOver.ShouldBeFalse();
        var seen = ExecuteAsync("query-status").ContinueWith(
            _ => _client.IsOver, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await _server.ReadCommandAsync();

        _server.Close();

        (await seen.Soonest()).ShouldBeTrue();
    }

    [Fact]
    public async Task SilenceEndsAtTheDeadline()
    {
        var error = await Should.ThrowAsync<TemplatingException>(
            _client.ExecuteAsync("query-status", null, TimeSpan.FromMilliseconds(20), CancellationToken.None).Soonest());

        error.Message.ShouldContain("did not answer 'query-status' within 0.02 s");
    }

    [Fact]
    public async Task CancelledCommandLeavesTheNextOneAlone()
    {
        using var cancel = new CancellationTokenSource();
        var cancelled = _client.ExecuteAsync("slow", null, Soon.Limit, cancel.Token);
        var slow = await _server.ReadCommandAsync();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cancelled.Soonest());

        var next = ExecuteAsync("next");
        var command = await _server.ReadCommandAsync();
        await _server.AnswerAsync(slow.Id, "1");
        await _server.AnswerAsync(command.Id, "2");

        (await next.Soonest()).GetInt32().ShouldBe(2);
    }

    [Fact]
    public void AnyBytesGiveAnErrorOfOursOrAnObject() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        try
        {
            QmpMessage.Parse(bytes, ErrorCode.QmpFailed, "x");
        }
        catch (TemplatingException)
        {
            // The only one allowed.
        }
    });

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        await _client.DisposeAsync();
    }

    private Task<System.Text.Json.JsonElement> ExecuteAsync(string command) =>
        _client.ExecuteAsync(command, null, Soon.Limit, CancellationToken.None);
}

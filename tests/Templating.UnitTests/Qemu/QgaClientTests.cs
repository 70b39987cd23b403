using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.GuestAgent;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Qemu;

public sealed class QgaClientTests : IAsyncDisposable
{
    private readonly ScriptedPeer _agent;
    private readonly QgaClient _client;

    public QgaClientTests()
    {
        var (ours, theirs) = SocketPair.Create();
        _agent = new ScriptedPeer(theirs);
        _client = new QgaClient("/nonexistent/agent.sock", ours, TimeProvider.System);
    }

    [Fact]
    public async Task StaleBytesBeforeTheSyncAreDropped()
    {
        var answer = ExecuteAsync();
        var id = await ReadSyncAsync();
        await _agent.SendAsync("{\"return\": {\"stale\"");
        await _agent.SendAsync($"\u00ff{{\"return\": {id - 1}}}\n\u00ff{{\"return\": {id}}}\n");
        (await _agent.ReadLineAsync()).ShouldBe("""{"execute":"guest-ping"}""");
        await _agent.SendLineAsync("{\"return\": {}}");

        (await answer.Soonest()).ValueKind.ShouldBe(JsonValueKind.Object);
    }

    [Fact]
    public async Task RefusalIsToldInTheAgentsWords()
    {
        var answer = ExecuteAsync();
        await SyncAsync();
        await _agent.ReadLineAsync();
        await _agent.SendLineAsync("""{"error": {"class": "GenericError", "desc": "disabled"}}""");

        (await Should.ThrowAsync<TemplatingException>(answer.Soonest())).Message.ShouldContain("disabled");
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("[1]\n")]
    [InlineData("{\"error\":{\"desc\":\"\\ud800\"}}\n")]
    public async Task NonsenseFailsThatGuestAlone(string sent)
    {
        var answer = ExecuteAsync();
        await SyncAsync();
        await _agent.ReadLineAsync();
        await _agent.SendAsync(sent);

        (await Should.ThrowAsync<TemplatingException>(answer.Soonest())).Code.ShouldBe(ErrorCode.GuestAgentFailed);
    }

    [Fact]
    public async Task MegabytesWithoutALineEndAreNotKept()
    {
        var answer = ExecuteAsync();
        await SyncAsync();
        await _agent.FloodAsync(new byte[3 * QgaClient.MaxLineBytes]);

        (await Should.ThrowAsync<TemplatingException>(answer.Soonest())).Message.ShouldContain("longer than");
    }

    [Fact]
    public async Task SilenceEndsAtTheDeadline()
    {
        var answer = _client.ExecuteAsync("guest-ping", null, TimeSpan.FromMilliseconds(20), CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(answer.Soonest())).Message.ShouldContain("did not answer 'guest-ping'");
    }

    public async ValueTask DisposeAsync()
    {
        _agent.Dispose();
        await _client.DisposeAsync();
    }

    private Task<JsonElement> ExecuteAsync() => _client.ExecuteAsync("guest-ping", null, Soon.Limit, CancellationToken.None);

    private async Task<long> ReadSyncAsync()
    {
        using var json = JsonDocument.Parse((await _agent.ReadLineAsync())!.TrimStart('\u00ff'));
        return json.RootElement.GetProperty("arguments").GetProperty("id").GetInt64();
    }

    private async Task SyncAsync() => await _agent.SendAsync($"\u00ff{{\"return\": {await ReadSyncAsync()}}}\n");
}

using System.Text;
using System.Text.Json;
using CsCheck;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Console;
using Templating.Qemu.GuestAgent;
using Templating.Qemu.Qmp;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.Fuzzing;

/// <summary>A guest, its agent and its QEMU may say anything: who waits for an answer gets one, or an error of ours.</summary>
public sealed class GuestProtocolTests
{
    private static readonly string[] Words =
    [
        "out", "err", "exit", "took", "nostart", "failed", "identified", "synced", "identify", "line", "exec", "1", "2", "0", "-", "-1", "4294967295", "4294967296",
        "2147483648", "99999999999999999999", "", "YQ==", "YQ", "/w==", "====", "kernel", "seed", "\u001b[2J", "\u00e9", "\0", "\t", "+1", "1.0", new('A', 8192), new('A', 20_000),
    ];

    private static readonly Gen<string> Lines = Gen.Select(OneOf(Words[..9]), OneOf(["1", "1", "1", "2", "x"]), OneOf(Words).Array[0, 4])
        .Select((verb, number, words) => string.Join(' ', [verb, number, .. words]));

    private static readonly string[] Answers =
    [
        """{"return": {}}""", """{"return": {"pid": 7}}""", """{"return": {"exited": true, "exitcode": 0, "out-data": "YQ==", "err-data": ""}}""",
        """{"error": {"class": "GenericError", "desc": "no"}}""", """{"event": "STOP", "data": {"a": "b"}, "timestamp": {"seconds": 1}}""",
        """{"return": {"status": "running", "running": true}, "id": 1}""", """{"error": {"desc": "no"}, "id": 1}""", """{"QMP": {}}""",
    ];

    [Fact]
    public async Task WhateverAGuestSaysItsCommandEnds() => await Lines.Array[0, 12].SampleAsync(async lines =>
    {
        var (ours, theirs) = SocketPair.Create();
        using var guest = new ScriptedPeer(theirs);
        await using var client = new GuestClient("/nonexistent/guest.sock", ours, TimeProvider.System);
        var exec = CountAsync(client);
        await guest.SendLineAsync((await guest.ReadLineAsync())!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        (await guest.ReadLineAsync()).ShouldStartWith("exec 1 ");
        await guest.FloodAsync(Encoding.Latin1.GetBytes(string.Join('\n', lines) + "\n"));
        guest.Close();

        await EndsAsync(exec, ErrorCode.GuestAgentFailed, ErrorCode.InvalidArgument);
    }, iter: 300);

    [Fact]
    public async Task WhateverAGuestSaysItsIdentityIsConfirmedOrNot() => await Lines.Array[0, 6].SampleAsync(async lines =>
    {
        var (ours, theirs) = SocketPair.Create();
        using var guest = new ScriptedPeer(theirs);
        await using var client = new GuestClient("/nonexistent/guest.sock", ours, TimeProvider.System);
        var identity = FrozenTemplate.NewIdentity("me");
        var confirming = ConfirmAsync(client, identity);
        await guest.SendLineAsync((await guest.ReadLineAsync())!.Replace("sync", "synced", StringComparison.Ordinal) + " 1");
        await guest.FloodAsync(Encoding.Latin1.GetBytes(string.Join('\n', lines) + "\n"));
        guest.Close();

        await EndsAsync(confirming, ErrorCode.GuestAgentFailed, ErrorCode.IdentityNotConfirmed);
        confirming.IsCompletedSuccessfully.ShouldBeFalse("nobody guesses a machine id");
    }, iter: 200);

    [Fact]
    public async Task WhateverAnAgentAnswersItsCallerGetsAnEnd() => await JsonMutations.Of(Answers).Array[1, 4].SampleAsync(async answers =>
    {
        var (ours, theirs) = SocketPair.Create();
        using var agent = new ScriptedPeer(theirs);
        await using var client = new QgaClient("/nonexistent/agent.sock", ours, TimeProvider.System);
        var running = RunAsync(client);
        using var sync = JsonDocument.Parse((await agent.ReadLineAsync())!.TrimStart('\u00ff'));
        await agent.SendAsync($"\u00ff{{\"return\": {sync.RootElement.GetProperty("arguments").GetProperty("id").GetInt64()}}}\n");
        await agent.FloodAsync(Joined(answers));
        agent.Close();

        await EndsAsync(running, ErrorCode.GuestAgentFailed);
    }, iter: 300);

    [Fact]
    public async Task WhateverAMonitorAnswersItsCallerGetsAnEnd() => await JsonMutations.Of(Answers).Array[1, 4].SampleAsync(async answers =>
    {
        var (ours, theirs) = SocketPair.Create();
        using var monitor = new ScriptedPeer(theirs);
        await using var client = new QmpClient(ours, TimeProvider.System, e => _ = Read(e.Data));
        using var events = client.Subscribe(_ => true);
        var running = QueryAsync(client);
        await monitor.ReadLineAsync();
        await monitor.FloodAsync(Joined(answers));
        monitor.Close();

        await EndsAsync(running, ErrorCode.QmpFailed);
        await client.Closed.Soonest();
    }, iter: 300);

    [Fact]
    public void WhatIsReadOfAnAnswerIsText() => JsonMutations.Of(Answers).Sample(bytes =>
    {
        try
        {
            _ = Read(QmpMessage.Parse(bytes, ErrorCode.QmpFailed, "It"));
        }
        catch (TemplatingException e)
        {
            e.Code.ShouldBe(ErrorCode.QmpFailed);
        }
    }, iter: 3000, print: Encoding.UTF8.GetString);

    [Fact]
    public void ACommandIsOneLineThatReadsBack() => Gen.Select(Gen.String, Gen.String, Gen.Long).Sample((name, value, id) =>
    {
        var line = QmpMessage.Command(name, id, w => w.WriteString("a", value));

        line.Count(b => b == (byte)'\n').ShouldBe(1);
        var read = QmpMessage.Parse(line, ErrorCode.QmpFailed, "It");
        read.Number("id").ShouldBe(id);
        read.Text("execute").ShouldBe(Unicode(name));
        read.Member("arguments")!.Value.Text("a").ShouldBe(Unicode(value));
    });

    [Fact]
    public void WordsToAGuestReadBackAsTheGuestReadsThem() => Gen.Select(Gen.String, Gen.String, Gen.Byte.Array[0, 200], Gen.UInt).Sample((program, folder, input, number) =>
    {
        var exec = Taken(GuestWords.Exec(number, new GuestCommand { Arguments = [program], WorkingDirectory = folder }, input: true));
        (exec.Verb, exec.Number(1), exec.Word(2), exec.Text(4), exec.Text(6)).ShouldBe(("exec", number, "i", Unicode(folder), Unicode(program)));
        Taken(GuestWords.Input(number, input)).Bytes(2).ShouldBe(input);
    });

    [Fact]
    public void TextForPeopleHasNothingATerminalObeys() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        ConsoleText.Clean(bytes).ShouldAllBe(c => c == '\n' || c == '\t' || !char.IsControl(c));
        _ = ConsoleText.Excerpt(bytes);
    });

    private static Gen<string> OneOf(string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static GuestLine Taken(byte[] line)
    {
        line[^1].ShouldBe((byte)'\n');
        return GuestLine.Parse(line.AsSpan()[..^1]);
    }

    private static string Unicode(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static byte[] Joined(byte[][] lines) => [.. lines.SelectMany(line => line.Append((byte)'\n'))];

    /// <summary>Every text and name of it.</summary>
    private static int Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Sum(p => p.Name.Length + Read(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().Sum(Read),
        JsonValueKind.String => element.GetString()!.Length,
        _ => 0,
    };

    private static async Task EndsAsync(Task task, params ErrorCode[] codes)
    {
        try
        {
            await task.Soonest();
        }
        catch (TemplatingException e)
        {
            e.Code.ShouldBeOneOf(codes);
            e.Message.ShouldAllBe(c => c == '\n' || !char.IsControl(c));
        }
    }

    private static async Task CountAsync(GuestClient client)
    {
        var count = 0;
        await foreach (var output in client.ExecAsync(new GuestCommand { Arguments = ["true"] }, null, CancellationToken.None))
        {
            count += output is ExecExited ? 1 : 0;
        }

        count.ShouldBe(1);
    }

    private static async Task ConfirmAsync(GuestClient client, GuestIdentity identity) =>
        Identities.Confirm(identity, Identities.Read(await client.IdentifyAsync(identity, CancellationToken.None), identity));

    private static async Task RunAsync(QgaClient client) =>
        await QgaProcess.RunAsync(client, ["true"], default, TimeProvider.System, CancellationToken.None);

    private static async Task QueryAsync(QmpClient client) => _ = Read(await client.ExecuteAsync("query-status", null, Soon.Limit, CancellationToken.None));
}

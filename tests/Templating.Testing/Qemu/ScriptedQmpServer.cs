using System.Net.Sockets;
using System.Text.Json;

namespace Templating.Testing.Qemu;

/// <summary>QEMU's end of a monitor.</summary>
public sealed class ScriptedQmpServer(Socket socket) : ScriptedPeer(socket)
{
    public const string Greeting =
        """{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "test"}, "capabilities": []}}""";

    public Task GreetAsync() => SendLineAsync(Greeting);

    /// <summary>The next command and its id.</summary>
    public async Task<(string Command, long Id)> ReadCommandAsync()
    {
        using var json = JsonDocument.Parse(await ReadLineAsync() ?? throw new EndOfStreamException());
        return (json.RootElement.GetProperty("execute").GetString()!, json.RootElement.GetProperty("id").GetInt64());
    }

    public Task AnswerAsync(long id, string json = "{}") => SendLineAsync($$"""{"return": {{json}}, "id": {{id}}}""");

    public Task RefuseAsync(long id, string description) =>
        SendLineAsync($$$"""{"error": {"class": "GenericError", "desc": "{{{description}}}"}, "id": {{{id}}}}""");
}

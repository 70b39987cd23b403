using System.Text.Json;
using Templating.Core.Errors;

namespace Templating.Qemu.Qmp;

/// <summary>The commands used, typed. QEMU's docs/interop/qemu-qmp-ref.</summary>
internal static class QmpCommands
{
    public static Task<JsonElement> NegotiateAsync(this QmpClient qmp, TimeSpan timeout, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("qmp_capabilities", null, timeout, cancellationToken);

    /// <summary>
    /// RAM stays in its file (x-ignore-shared: any RAM block backed by a named file is left out of the stream), and
    /// the migration's end comes as an event instead of by polling.
    /// </summary>
    public static Task<JsonElement> SetMigrationCapabilitiesAsync(
        this QmpClient qmp, TimeSpan timeout, CancellationToken cancellationToken) =>
        qmp.ExecuteAsync("migrate-set-capabilities", writer =>
        {
            writer.WriteStartArray("capabilities");
            foreach (var capability in (string[])["x-ignore-shared", "events"])
            {
                writer.WriteStartObject();
                writer.WriteString("capability", capability);
                writer.WriteBoolean("state", true);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }, timeout, cancellationToken);

    /// <param name="command">migrate or migrate-incoming.</param>
    public static async Task MigrateAsync(
        this QmpClient qmp, string command, string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var events = qmp.Subscribe(e => e.Name is "MIGRATION" && e.Text("status") is "completed" or "failed");
        await qmp.ExecuteAsync(command, writer => WriteFileChannel(writer, path), timeout, cancellationToken);
        var end = await events.FirstAsync(cancellationToken);
        if (end.Text("status") is "failed")
        {
            var status = await qmp.ExecuteAsync("query-migrate", null, timeout, cancellationToken);
            throw new TemplatingException(ErrorCode.QmpFailed,
                $"QEMU could not {(command is "migrate" ? "write" : "read")} the VM's state: "
                + (status.Text("error-desc") ?? "it did not say why"));
        }
    }

    public static async Task<string> QueryStatusAsync(this QmpClient qmp, TimeSpan timeout, CancellationToken cancellationToken) =>
        (await qmp.ExecuteAsync("query-status", null, timeout, cancellationToken)).Text("status") ?? "";

    public static async Task<string> HumanAsync(
        this QmpClient qmp, string line, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answer = await qmp.ExecuteAsync("human-monitor-command",
            writer => writer.WriteString("command-line", line), timeout, cancellationToken);
        return answer.ValueKind == JsonValueKind.String ? answer.GetString()! : "";
    }

    /// <summary>The long form of an address: in a <c>file:</c> URI a path with ",offset=" in it would be cut.</summary>
    private static void WriteFileChannel(Utf8JsonWriter writer, string path)
    {
        writer.WriteStartArray("channels");
        writer.WriteStartObject();
        writer.WriteString("channel-type", "main");
        writer.WriteStartObject("addr");
        writer.WriteString("transport", "file");
        writer.WriteString("filename", path);
        writer.WriteNumber("offset", 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}

using System.Text.Json;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>The agent's commands about an open file of the guest's, which it knows by a number.</summary>
internal static class QgaFiles
{
    /// <summary>In base64 it is a short line (<see cref="Base.LineReader.ShortLineBytes"/>), for which nobody has to wait his turn.</summary>
    public const int PieceBytes = 45_000;

    /// <param name="agent">The guest's.</param>
    /// <param name="path">In the guest.</param>
    /// <param name="mode">As fopen(3).</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    public static async Task<long> OpenAsync(QgaClient agent, string path, string mode, CancellationToken cancellationToken)
    {
        var answer = await agent.ExecuteAsync("guest-file-open", writer =>
        {
            writer.WriteString("path", path);
            writer.WriteString("mode", mode);
        }, QgaClient.CommandTimeout, cancellationToken);
        return answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out var handle) ? handle : throw QgaClient.Nonsense("guest-file-open");
    }

    /// <returns>The next of it, at most <see cref="PieceBytes"/>.</returns>
    public static async Task<byte[]> ReadAsync(QgaClient agent, long handle, CancellationToken cancellationToken)
    {
        var answer = await agent.ExecuteAsync("guest-file-read", writer =>
        {
            writer.WriteNumber("handle", handle);
            writer.WriteNumber("count", PieceBytes);
        }, QgaClient.CommandTimeout, cancellationToken);
        return answer.Member("buf-b64") is { ValueKind: JsonValueKind.String } text && text.TryGetBytesFromBase64(out var bytes) && bytes.Length <= PieceBytes
            ? bytes
            : throw QgaClient.Nonsense("guest-file-read");
    }

    /// <summary>Writes all of it, piece by piece.</summary>
    public static async Task WriteAsync(QgaClient agent, long handle, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(PieceBytes, bytes.Length)..])
        {
            var piece = bytes[..Math.Min(PieceBytes, bytes.Length)];
            var answer = await agent.ExecuteAsync("guest-file-write", writer =>
            {
                writer.WriteNumber("handle", handle);
                writer.WriteBase64String("buf-b64", piece.Span);
            }, QgaClient.CommandTimeout, cancellationToken);
            if (answer.Number("count") != piece.Length)
            {
                throw QgaClient.Nonsense("guest-file-write");
            }
        }
    }

    public static Task CloseAsync(QgaClient agent, long handle, CancellationToken cancellationToken) =>
        agent.ExecuteAsync("guest-file-close", writer => writer.WriteNumber("handle", handle), QgaClient.CommandTimeout, cancellationToken);
}

using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>A file of the guest's that is read while it grows.</summary>
internal sealed class QgaFile(QgaClient agent, string path)
{
    /// <summary>In base64 it is a short line (<see cref="Base.LineReader.ShortLineBytes"/>), for which nobody has to wait his turn.</summary>
    public const int PieceBytes = 45_000;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    private long? _handle;

    /// <summary>Whether it was seen to be there.</summary>
    public bool WasThere { get; private set; }

    /// <returns>The next of it, at most <see cref="PieceBytes"/>; nothing where there is no more yet, or no such file.</returns>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        if (await OpenAsync(cancellationToken) is not { } handle)
        {
            return [];
        }

        var answer = await agent.ExecuteAsync("guest-file-read", writer =>
        {
            writer.WriteNumber("handle", handle);
            writer.WriteNumber("count", PieceBytes);
        }, CommandTimeout, cancellationToken);
        return answer.Member("buf-b64") is { ValueKind: JsonValueKind.String } text && text.TryGetBytesFromBase64(out var bytes) && bytes.Length <= PieceBytes
            ? bytes
            : throw new TemplatingException(ErrorCode.GuestAgentFailed, "qemu-guest-agent answered nonsense to 'guest-file-read'.");
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_handle is { } handle)
        {
            _handle = null;
            await agent.ExecuteAsync("guest-file-close", writer => writer.WriteNumber("handle", handle), CommandTimeout, cancellationToken);
        }
    }

    private async Task<long?> OpenAsync(CancellationToken cancellationToken)
    {
        if (_handle is not null)
        {
            return _handle;
        }

        try
        {
            var answer = await agent.ExecuteAsync("guest-file-open", writer =>
            {
                writer.WriteString("path", path);
                writer.WriteString("mode", "r");
            }, CommandTimeout, cancellationToken);
            WasThere = true;
            return _handle = answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out var handle)
                ? handle
                : throw new TemplatingException(ErrorCode.GuestAgentFailed, "qemu-guest-agent answered nonsense to 'guest-file-open'.");
        }
        catch (TemplatingException e) when (QgaClient.IsRefusal(e))
        {
            return null; // not there yet
        }
    }
}

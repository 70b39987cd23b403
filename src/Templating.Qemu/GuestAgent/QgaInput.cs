using System.Text.Json;
using Templating.Core.Errors;
using Templating.Qemu.Qmp;

namespace Templating.Qemu.GuestAgent;

/// <summary>
/// A program's standard input. A little goes with the command that starts it; more is put into a file of the guest's piece by piece,
/// and none of it is kept here.
/// </summary>
internal sealed class QgaInput(QgaClient agent, string path, TimeProvider time)
{
    /// <summary>The agent takes a whole command, input included, as one piece of JSON.</summary>
    private const int MaxInlineBytes = 1024 * 1024;

    /// <summary>The file is in the guest's memory.</summary>
    private const long MaxBytes = 64L * 1024 * 1024;

    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(10);

    private long? _handle;

    /// <summary>Whether there is a file of it, which whoever asks for it removes.</summary>
    public bool IsInFile { get; private set; }

    /// <returns>What goes with the command; null where it is in the file.</returns>
    /// <exception cref="TemplatingException">InvalidArgument: it is too much.</exception>
    public async Task<ReadOnlyMemory<byte>?> CollectAsync(IAsyncEnumerable<ReadOnlyMemory<byte>>? input, CancellationToken cancellationToken)
    {
        if (input is null)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        using var first = new MemoryStream();
        var size = 0L;
        await foreach (var chunk in input.WithCancellation(cancellationToken))
        {
            if ((size += chunk.Length) > MaxBytes)
            {
                throw new TemplatingException(ErrorCode.InvalidArgument,
                    $"A guest with only qemu-guest-agent takes at most {MaxBytes} bytes of input for a command. Put templating-guest into its image for more.");
            }

            if (!IsInFile && size <= MaxInlineBytes)
            {
                first.Write(chunk.Span);
                continue;
            }

            if (!IsInFile)
            {
                _handle = await OpenAsync(cancellationToken);
                await WriteAsync(first.GetBuffer().AsMemory(0, (int)first.Length), cancellationToken);
                first.SetLength(0);
            }

            await WriteAsync(chunk, cancellationToken);
        }

        if (!IsInFile)
        {
            return first.ToArray();
        }

        await CloseAsync(cancellationToken);
        return null;
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_handle is { } handle)
        {
            _handle = null;
            await agent.ExecuteAsync("guest-file-close", writer => writer.WriteNumber("handle", handle), CommandTimeout, cancellationToken);
        }
    }

    private async Task<long> OpenAsync(CancellationToken cancellationToken)
    {
        var folder = path[..path.LastIndexOf('/')];
        await QgaProcess.WaitAsync(
            agent, await QgaProcess.StartAsync(agent, ["/bin/sh", "-c", QgaExec.MakeFolder, "sh", folder], default, cancellationToken), time, cancellationToken);
        var answer = await agent.ExecuteAsync("guest-file-open", writer =>
        {
            writer.WriteString("path", path);
            writer.WriteString("mode", "w");
        }, CommandTimeout, cancellationToken);
        IsInFile = true;
        return answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out var handle) ? handle : throw Nonsense("guest-file-open");
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(QgaFile.PieceBytes, bytes.Length)..])
        {
            var piece = bytes[..Math.Min(QgaFile.PieceBytes, bytes.Length)];
            var answer = await agent.ExecuteAsync("guest-file-write", writer =>
            {
                writer.WriteNumber("handle", _handle!.Value);
                writer.WriteBase64String("buf-b64", piece.Span);
            }, CommandTimeout, cancellationToken);
            if (answer.Number("count") != piece.Length)
            {
                throw Nonsense("guest-file-write");
            }
        }
    }

    private static TemplatingException Nonsense(string command) =>
        new(ErrorCode.GuestAgentFailed, $"qemu-guest-agent answered nonsense to '{command}'.");
}

using Templating.Core.Errors;

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
                await QgaFiles.WriteAsync(agent, _handle.Value, first.GetBuffer().AsMemory(0, (int)first.Length), cancellationToken);
                first.SetLength(0);
            }

            await QgaFiles.WriteAsync(agent, _handle!.Value, chunk, cancellationToken);
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
            await QgaFiles.CloseAsync(agent, handle, cancellationToken);
        }
    }

    private async Task<long> OpenAsync(CancellationToken cancellationToken)
    {
        await QgaProcess.RunAsync(agent, ["/bin/sh", "-c", QgaExec.MakeFolder, "sh", path], default, time, cancellationToken);
        var handle = await QgaFiles.OpenAsync(agent, path, "w", cancellationToken);
        IsInFile = true;
        return handle;
    }
}
